"""Runs a recorder's own list of cases against its recorded answers, and prints each case as one JSON line.

    capture.py kubo SCRIPT DIR [online PEER] [CASE=FILE ...]
    capture.py cluster SCRIPT FILE

No server is asked anything: the recorder's calls are answered from the recordings, so that its functions build the
very bodies they built when the recordings were made. Bytes that come from a seed are printed as that seed; bytes
that come from an earlier answer are printed as the name of that answer. CASE=FILE gives the bytes of a recorded
answer of which the recordings keep only a summary, where they are the same in every run.
"""
import base64, hashlib, importlib.util, json, os, re, sys, urllib.parse

KNOWN, MARK, RECORDED = {}, {}, {}

def load(path, cut=None):
    if cut is None:
        spec = importlib.util.spec_from_file_location("recorder", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    source = open(path).read()
    module = type(sys)("recorder")
    exec(compile(source[:source.rindex(cut)], path, "exec"), module.__dict__)
    return module

def remembering(make, kind):
    def made(*args):
        data = make(*args)
        seed, length = (args[0], args[1]) if kind == "stream" else ((args[1] if len(args) > 1 else b"golden").decode(), args[0])
        if length > 64: KNOWN[data] = {kind: {"seed": seed, "len": length}}
        return data
    return made

def recipe(data):
    data = bytes(data)
    if data in MARK:
        of, take, otherwise = MARK[data]
        made = {"of": of, "take": take, "otherwise": otherwise}
        if of in RECORDED: made["recorded"] = base64.b64encode(RECORDED[of]).decode()
        return {"answer": made}
    if data in KNOWN: return KNOWN[data]
    if len(data) > 64 and not data.strip(b"\0"): return {"zeros": len(data)}
    try: return {"text": data.decode()}
    except UnicodeDecodeError: return {"base64": base64.b64encode(data).decode()}

def part(field, file_name, content_type, data, headers, safe):
    made = {"field": field, "data": recipe(data)}
    if file_name is not None: made["file_name"] = urllib.parse.quote(file_name, safe=safe)
    if content_type: made["content_type"] = content_type
    if headers: made["headers"] = list(map(list, headers.items()))
    return made

def clean(value):
    return {k: v for k, v in value.items() if v is not None and v != {} and v != [] and v is not False}

def out(case): print(json.dumps(case, ensure_ascii=False, sort_keys=True))

class Answer:
    def __init__(self, status, body, val=None):
        self.status, self.body, self.val, self.headers, self.trailers = status, body, val, {}, {}

def kubo(script, folder, rest):
    mod = load(script)
    mod.rnd = remembering(mod.rnd, "stream")
    online = rest[1] if rest[:1] == ["online"] else None
    for pair in rest[2:] if online else rest:
        name, path = pair.split("=", 1)
        RECORDED[name] = open(path, "rb").read()
    before = []
    learn = {"id": ("ID", "<SELF>"), "online.id": ("ID", "<SELF>")}

    def raw(base, method, target, *_):
        step = {"method": method, "target": target}
        name = urllib.parse.parse_qs(urllib.parse.urlsplit(target).query)["arg"][0]
        label = "<KEY:%s>" % name
        before.append({**step, "learn": {"field": "Id", "label": label}})
        return Answer(200, json.dumps({"Id": label}).encode())

    class Capture(mod.Cap):
        def __init__(self):
            self.base, self.sub, self.vars, self.fb = "<BASE>", {}, {}, {}
        def call(self, name, path, args=(), opts=None, files=None, mode="exact", hint=None, method="POST", headers=None,
                 body=None, ctype=None, drop=(), cors=False, timeout=60, read_limit=None, raw_target=None, note=None):
            saved = json.load(open(os.path.join(folder, name + ".json")))
            asked, answered = saved["request"], saved["response"]
            made = None
            if files is not None: made = {"parts": [part(*p[:4], p[4] if len(p) > 4 else {}, "") for p in files]}
            elif body is not None: made = {"whole": recipe(body)}
            own = {k: v for k, v in asked["headers"].items() if not (files is not None and k == "Content-Type")}
            request = clean({"method": method, "target": asked["target"], "headers": own, "body": made, "body_len": asked["body_len"],
                             "body_sha256": asked["body_sha256"], "timeout": None if timeout == 60 else float(timeout), "read_limit": read_limit})
            response = {k: answered[k] for k in ("status", "headers", "trailers", "body")}
            if answered["chunks"] is not None: response["chunks"] = answered["chunks"]
            if answered["aborted"]: response["aborted"] = True
            case = {"name": name, "request": request, "response": response, "before": before[:],
                    "compare": clean({"mode": None if mode == "exact" else mode, "cors": cors, "decode": hint}), "note": note}
            if name in learn: case["learn"] = dict(zip(("field", "label"), learn[name]))
            out(clean(case) | {"compare": case["compare"]})
            before.clear()
            val = answered["body"].get("values")
            if name == "routing.get":
                mark = b"\0answer of routing.get"; MARK[mark] = (name, {"field": "Extra"}, "junk")
                val = [{"Extra": base64.b64encode(mark).decode()}]
            if name == "config.show":
                val = [{"answer of": name}]; MARK[json.dumps(val[0]).encode()] = (name, "json", "{}")
            mark = ("\0body of " + name).encode(); MARK[mark] = (name, "body", "")
            return Answer(answered["status"], mark, val)

    mod.http = raw
    capture = Capture()
    if online: mod.run_online(capture, "<PEERADDR>/p2p/<PEER>")
    else: mod.run(capture, shutdown=True)

class Multipart(bytes): pass

def cluster(script, path):
    mod = load(script, cut="sys.exit(main())")
    saved = json.load(open(path))
    cases = saved["cases"]
    me = cases["id"]["response"]["json_lines"][0]["id"]
    token = cases["token"]["response"]["json_lines"][0]["token"]
    before = []
    mod.blob = (lambda plain: lambda n, seed=b"golden": remembering(plain, "unseparated")(n, seed))(mod.blob)
    plain = mod.multipart
    def multipart(parts):
        made = Multipart(plain(parts)); made.parts = parts; return made
    mod.multipart = multipart
    labelled = lambda text: text.replace(me, "<SELF>").replace(token, "<TOKEN>")

    def request(method, target, body, headers, auth, length=None):
        made = None
        if isinstance(body, Multipart): made = {"parts": [part("file", n, t, d, {}, "/") for n, t, d in body.parts]}
        elif body: made = {"whole": recipe(body)}
        own = {k: labelled(v) for k, v in (headers or {}).items() if not (isinstance(body, Multipart) and k == "Content-Type")}
        if auth: own = {"Authorization": "<AUTH>"} | own
        return clean({"method": method, "target": labelled(target), "headers": own, "body": made, "body_len": len(body),
                      "body_sha256": hashlib.sha256(body).hexdigest() if body else None})

    class Capture(mod.Rec):
        def raw(self, method, target, body=b"", headers=None, auth=True, timeout=45):
            if method == "GET" and target in ("/peers", "/id"):
                return {"body": cases[target[1:]]["response"]["body"].encode()}
            before.append(request(method, target, body, headers, auth)); return {"body": b""}
        def case(self, name, method, target, body=b"", headers=None, auth=True, sort=False, timeout=45):
            was = cases[name]; answered = was["response"]
            assert (was["request"]["target"], was["request"]["body_len"]) == (target, len(body)), name
            fields = {}
            for key, value in answered["headers"]: fields.setdefault(key.lower(), []).append(value)
            response = {"status": answered["status"], "headers": {k: ", ".join(v) for k, v in fields.items() if k != "date"},
                        "trailers": {k.lower(): v for k, v in answered["trailers"]}, "body": {"kind": "lines", "text": labelled(answered["body"])}}
            case = {"name": name, "request": request(method, target, body, headers, auth), "response": response, "before": before[:],
                    "compare": {"mode": "unordered"} if sort else {}}
            if name == "id": case["learn"] = {"field": "id", "label": "<SELF>"}
            if name == "token": case["learn"] = {"field": "token", "label": "<TOKEN>"}
            out(clean(case) | {"compare": case["compare"]}); before.clear()
            self.cases[name] = was
            return answered["json_lines"]
        def wait(self, cid, want=("pinned",), t=12):
            before.append(request("GET", "/pins/" + cid, b"", None, True) | {"until": {"status": list(want), "seconds": float(t)}})

    class Clock:
        time = staticmethod(lambda: 0.0); strftime = staticmethod(lambda *_: ""); gmtime = staticmethod(lambda: None)
        @staticmethod
        def sleep(seconds): before.append({"method": "", "target": "", "pause": float(seconds)})
    mod.time = Clock
    # The recording's own password, which signs the tokens that a client makes for itself.
    mod.run(Capture("http://recorded", os.environ.get("RECORDED_AUTH", "user1:pass1")))

if __name__ == "__main__":
    {"kubo": lambda a: kubo(a[0], a[1], a[2:]), "cluster": lambda a: cluster(*a)}[sys.argv[1]](sys.argv[2:])
