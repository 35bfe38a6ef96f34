"""What programs do with ipfshttpclient, against a daemon whose RPC multiaddr is the first argument.

The library knows no newer daemons than those of its time, so the daemon is expected to run with ``API.Compat = "0.7"``.
"""

import io
import os
import re
import sys
import tempfile
import time
import unittest
import warnings

import ipfshttpclient

ADDRESS = sys.argv[1]
PEER = "12D3KooWEqnTdgqHnkkwarSrJjeMP2ZJiADWLYADaNvUb6SQNyPF"
HELLO = "QmZULkCELmmk5XNfCgTnCyFgAVxBRBXyDHGGMVoLFLiXEN"


def as_list(answer):
    return answer if isinstance(answer, list) else [answer]


class Client(unittest.TestCase):
    def setUp(self):
        self.client = ipfshttpclient.connect(ADDRESS, session=True)
        self.addCleanup(self.client.close)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, name, content):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def add_unpinned(self, content):
        return self.client.add(self.file("unpinned", content), pin=False)["Hash"]

    def test_version_is_accepted(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error", ipfshttpclient.exceptions.VersionMismatch)
            with ipfshttpclient.connect(ADDRESS) as client:
                version = client.version()
        ipfshttpclient.assert_version(version["Version"])

    def test_id(self):
        told = self.client.id()
        self.assertTrue(told["ID"].startswith("12D3Koo"))
        self.assertIn("AgentVersion", told)

    def test_add_a_file_and_read_it(self):
        added = self.client.add(self.file("hello", b"hello\n"))
        self.assertEqual((added["Hash"], added["Name"]), (HELLO, "hello"))
        self.assertEqual(self.client.cat(HELLO), b"hello\n")
        self.assertEqual(self.client.cat(HELLO, offset=1, length=3), b"ell")

    def test_add_bytes_text_and_json(self):
        self.assertEqual(self.client.add_bytes(b"hello\n"), HELLO)
        self.assertEqual(self.client.add_str("hello\n"), HELLO)
        value = {"name": "cairn", "stones": [1, 2, 3]}
        self.assertEqual(self.client.get_json(self.client.add_json(value)), value)

    def test_add_a_large_file(self):
        content = bytes(range(256)) * 8192
        added = self.client.add(self.file("large", content), cid_version=1)
        self.assertTrue(added["Hash"].startswith("bafy"))
        self.assertEqual(self.client.cat(added["Hash"]), content)

    def test_add_a_folder_list_it_and_get_it(self):
        self.file("tree/a.txt", b"a")
        self.file("tree/below/b.txt", b"b")
        added = self.client.add(os.path.join(self.folder, "tree"), recursive=True)
        names = {entry["Name"]: entry["Hash"] for entry in as_list(added)}
        self.assertEqual(set(names), {"tree", "tree/a.txt", "tree/below", "tree/below/b.txt"})
        listed = self.client.ls(names["tree"])["Objects"][0]["Links"]
        self.assertEqual([(link["Name"], link["Type"]) for link in listed], [("a.txt", 2), ("below", 1)])
        target = os.path.join(self.folder, "got")
        os.mkdir(target)
        self.client.get(names["tree"], target)
        with open(os.path.join(target, names["tree"], "below", "b.txt"), "rb") as file:
            self.assertEqual(file.read(), b"b")

    def test_blocks(self):
        put = self.client.block.put(io.BytesIO(b"a block"))
        self.assertEqual(put["Size"], 7)
        self.assertEqual(self.client.block.get(put["Key"]), b"a block")
        self.assertEqual(self.client.block.stat(put["Key"]), put)

    def test_archives(self):
        root = self.client.add_bytes(b"to be moved")
        archive = self.client.dag.export(root)
        self.client.pin.rm(root)
        self.client.repo.gc(quiet=True)
        imported = self.client.dag.imprt(io.BytesIO(archive))
        self.assertEqual(imported["Root"]["Cid"]["/"], root)
        self.assertEqual(self.client.cat(root), b"to be moved")

    def test_pins(self):
        cid = self.add_unpinned(b"pinned")
        with self.assertRaises(ipfshttpclient.exceptions.ErrorResponse):
            self.client.pin.rm(cid)
        self.assertEqual(self.client.pin.add(cid)["Pins"], [cid])
        self.assertEqual(self.client.pin.ls(cid)["Keys"][cid]["Type"], "recursive")
        self.assertIn(cid, self.client.pin.ls(type="recursive")["Keys"])
        self.assertEqual(self.client.pin.rm(cid)["Pins"], [cid])

    def test_repository(self):
        cid = self.add_unpinned(b"garbage")
        stat = self.client.repo.stat()
        self.assertGreater(stat["NumObjects"], 0)
        self.assertGreater(len(self.client.repo.gc()), 0)
        with self.assertRaises(ipfshttpclient.exceptions.ErrorResponse):
            self.client.block.stat(cid, timeout=5)

    def test_configuration(self):
        self.assertIn("Addresses", self.client.config.get())
        self.client.config.set("Gateway.RootRedirect", "/elsewhere")
        self.assertEqual(self.client.config.get()["Gateway"]["RootRedirect"], "/elsewhere")

    def test_mutable_files(self):
        files = self.client.files
        files.mkdir("/python/deep", parents=True)
        files.write("/python/deep/a", io.BytesIO(b"0123456789"), create=True)
        files.write("/python/deep/a", io.BytesIO(b"AB"), offset=4)
        self.assertEqual(files.read("/python/deep/a"), b"0123AB6789")
        self.assertEqual(files.read("/python/deep/a", offset=3, count=3), b"3AB")
        files.cp("/ipfs/" + self.client.add_bytes(b"hello\n"), "/python/hello")
        files.mv("/python/hello", "/python/deep/b")
        listed = files.ls("/python/deep", opts={"long": True})["Entries"]
        self.assertEqual(
            [(entry["Name"], entry["Size"]) for entry in listed], [("a", 10), ("b", 6)]
        )
        self.assertEqual(listed[1]["Hash"], HELLO)
        told = files.stat("/python/deep")
        self.assertEqual((told["Type"], told["Blocks"]), ("directory", 2))
        files.rm("/python/deep/a")
        with self.assertRaises(ipfshttpclient.exceptions.ErrorResponse):
            files.read("/python/deep/a")
        files.rm("/python", recursive=True)
        self.assertFalse([
            entry for entry in files.ls("/")["Entries"] or [] if entry["Name"] == "python"
        ])

    def test_options_of_add(self):
        add = self.client.add
        path = self.file("options", b"hello\n")
        self.assertEqual(add(path, only_hash=True)["Hash"], HELLO)
        self.assertTrue(add(path, raw_leaves=True)["Hash"].startswith("bafkrei"))
        self.assertTrue(add(path, trickle=True, chunker="size-1024")["Hash"].startswith("Qm"))
        wrapped = as_list(add(path, wrap_with_directory=True))
        self.assertEqual([entry["Name"] for entry in wrapped], ["options", ""])
        self.assertEqual(add(path, opts={"cid-version": 1})["Hash"][:4], "bafy")
        both = add(self.file("one", b"1"), self.file("two", b"2"))
        self.assertEqual([entry["Name"] for entry in both], ["one", "two"])
        with open(path, "rb") as file:
            self.assertEqual(add(file)["Hash"], HELLO)
        self.assertEqual(self.client.add_bytes(iter([b"hel", b"lo\n"])), HELLO)

    def test_parts_of_a_folder(self):
        for name in ["1.jpg", "2.jpg", "notes", ".hidden", "old/3.jpg"]:
            self.file("photos/" + name, name.encode())
        photos = os.path.join(self.folder, "photos")
        os.symlink("old", os.path.join(photos, "way"))

        def names(**options):
            return {entry["Name"] for entry in as_list(self.client.add(photos, **options))} - {"photos"}

        self.assertEqual(names(pattern="*.jpg"), {"photos/1.jpg", "photos/2.jpg"})
        self.assertIn("photos/.hidden", names())
        self.assertIn("photos/old/3.jpg", names(recursive=True))
        self.assertNotIn("photos/.hidden", names(recursive=True, pattern="**"))
        self.assertEqual(names(pattern=re.compile("[12]")), {"photos/1.jpg", "photos/2.jpg"})
        self.assertIn("photos/way", names(recursive=True, follow_symlinks=True))

    def test_nodes(self):
        put = self.client.dag.put(io.BytesIO(b'{"stones":[1,2,{"deep":true}]}'))
        cid = put["Cid"]["/"]
        self.assertEqual(self.client.dag.get(cid), {"stones": [1, 2, {"deep": True}]})
        self.assertEqual(self.client.dag.get(cid + "/stones/2"), {"deep": True})
        resolved = self.client.dag.resolve(cid + "/stones/2")
        self.assertEqual((resolved["Cid"]["/"], resolved["RemPath"]), (cid, "/stones/2"))

    def test_more_of_pins(self):
        one, two = self.add_unpinned(b"pin one"), self.add_unpinned(b"pin two")
        self.assertEqual(self.client.pin.add(one, two)["Pins"], [one, two])
        updated = self.client.pin.update(one, self.add_unpinned(b"pin three"))["Pins"]
        self.assertEqual(len(updated), 2)
        self.assertNotIn(one, self.client.pin.ls()["Keys"])
        with self.client.pin.verify(two, verbose=True) as checks:
            self.assertTrue(any(check["Cid"] == two and check["Ok"] for check in checks))
        self.assertEqual(self.client.pin.rm(two, recursive=True)["Pins"], [two])
        with self.assertRaises(ipfshttpclient.exceptions.ErrorResponse) as failed:
            self.client.pin.ls(two)
        self.assertIn("not pinned", str(failed.exception))

    def test_links_and_paths(self):
        self.file("linked/a", b"linked")
        added = self.client.add(os.path.join(self.folder, "linked"))
        names = {entry["Name"]: entry["Hash"] for entry in added}
        path = "/ipfs/" + names["linked"] + "/a"
        self.assertEqual(self.client.resolve(path)["Path"], "/ipfs/" + names["linked/a"])
        self.assertEqual([link["Ref"] for link in self.client.unstable.refs(names["linked"])], [names["linked/a"]])
        local = self.client.unstable.refs.local()
        self.assertGreater(len(local), 2)

    def test_streams(self):
        content = bytes(range(256)) * 4096
        cid = self.client.add_bytes(content)
        pieces = list(self.client.cat(cid, stream=True))
        self.assertEqual(b"".join(pieces), content)
        self.client.add(self.file("garbage", b"stream of garbage"), pin=False)
        with self.client.repo.gc(stream=True) as removed:
            self.assertGreater(len([block["Key"]["/"] for block in removed]), 0)

    def test_more_of_the_configuration(self):
        told = self.client.config.set("Gateway.RootRedirect", "/set")
        self.assertEqual((told["Key"], told["Value"]), ("Gateway.RootRedirect", "/set"))
        self.assertEqual(self.client.config.set("Gateway.RootRedirect", "/set")["Value"], "/set")
        # The library sends no file, which every daemon asks for.
        with self.assertRaises(ipfshttpclient.exceptions.StatusError):
            self.client.config.replace(self.client.config.get())

    def test_keys(self):
        key = self.client.key
        made = key.gen("python", "ed25519")
        self.assertEqual(made["Name"], "python")
        self.assertIn("python", [entry["Name"] for entry in key.list()["Keys"]])
        renamed = key.rename("python", "snake")
        self.assertEqual((renamed["Was"], renamed["Now"], renamed["Id"]), ("python", "snake", made["Id"]))
        self.assertEqual(key.rm("snake")["Keys"][0]["Name"], "snake")

    def test_names(self):
        path = "/ipfs/" + self.client.add_str("named")
        published = self.client.name.publish(path, lifetime="5m", ttl="1m", allow_offline=True)
        self.assertEqual(published["Value"], path)
        self.assertEqual(self.client.name.resolve(published["Name"])["Path"], path)
        self.assertEqual(self.client.name.resolve(recursive=True, nocache=True)["Path"], path)
        self.assertEqual(self.client.resolve("/ipns/" + published["Name"])["Path"], path)
        with self.assertRaises(ipfshttpclient.exceptions.ErrorResponse):
            self.client.dns("name.invalid", timeout=60)

    def test_objects(self):
        objects = self.client.object
        empty = objects.new()["Hash"]
        self.assertEqual(empty, "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n")
        folder = objects.new("unixfs-dir")["Hash"]
        self.assertEqual(objects.data(folder), b"\x08\x01")
        put = objects.put(io.BytesIO(b'{"Data":"another","Links":[]}'))["Hash"]
        self.assertEqual(objects.get(put)["Data"], "another")
        patch = objects.patch
        linked = patch.add_link(folder, "Johnny", put)["Hash"]
        links = objects.links(linked)["Links"]
        self.assertEqual([(link["Name"], link["Hash"]) for link in links], [("Johnny", put)])
        self.assertEqual(objects.stat(linked)["NumLinks"], 1)
        self.assertEqual(objects.diff(folder, linked)["Changes"][0]["Path"], "Johnny")
        self.assertEqual(patch.rm_link(linked, "Johnny")["Hash"], folder)
        appended = patch.append_data(empty, io.BytesIO(b"bla"))["Hash"]
        self.assertEqual(objects.data(appended), b"bla")
        self.assertEqual(patch.set_data(empty, io.BytesIO(b"bla"))["Hash"], appended)

    def test_bootstrap(self):
        address = "/ip4/127.0.0.1/tcp/4001/p2p/" + PEER
        self.assertEqual(self.client.bootstrap.add(address)["Peers"], [address])
        self.assertIn(address, self.client.bootstrap.list()["Peers"])
        self.assertEqual(self.client.bootstrap.rm(address)["Peers"], [address])

    def test_log(self):
        log = self.client.unstable.log
        for level in ["debug", "fatal", "panic", "error"]:
            self.assertIn("Message", log.level("all", level))
        self.assertGreater(len(log.ls()["Strings"]), 0)
        log.level("all", "debug")
        with log.tail(timeout=30) as events:
            self.assertTrue(next(iter(events)))
        log.level("all", "error")

    def offline(self, call, *arguments, **options):
        """A daemon without peers answers, or says that it has none."""
        try:
            return as_list(call(*arguments, **options))
        except ipfshttpclient.exceptions.CommunicationError as error:
            self.assertNotIsInstance(error, (
                ipfshttpclient.exceptions.ConnectionError,
                ipfshttpclient.exceptions.TimeoutError,
                ipfshttpclient.exceptions.ProtocolError,
            ))

    def test_without_peers(self):
        client, cid = self.client, self.client.add_str("announced")
        address = "/ip4/127.0.0.1/tcp/9/p2p/" + PEER
        for call, *arguments in [
            (client.bitswap.stat,),
            (client.bitswap.wantlist,),
            (client.bitswap.wantlist, PEER),
            (client.dht.findpeer, PEER),
            (client.dht.findprovs, cid),
            (client.dht.get, "/ipns/" + PEER),
            (client.dht.put, "/ipns/" + PEER, "test123"),
            (client.dht.query, PEER),
            (client.swarm.addrs,),
            (client.swarm.peers,),
            (client.swarm.connect, address),
            (client.swarm.disconnect, address),
            (client.swarm.filters.add, "/ip4/192.168.0.0/ipcidr/16"),
            (client.swarm.filters.rm, "/ip4/192.168.0.0/ipcidr/16"),
            (client.ping, PEER),
            (client.id, PEER),
        ]:
            with self.subTest(call=call, arguments=arguments):
                self.offline(call, *arguments, timeout=30)

    def test_pubsub(self):
        pubsub = self.client.pubsub
        self.offline(pubsub.ls, timeout=30)
        self.offline(pubsub.peers, timeout=30)
        self.offline(pubsub.peers, "topic", timeout=30)
        self.offline(pubsub.publish, "topic", "payload", timeout=30)
        try:
            with pubsub.subscribe("topic"):
                pass
        except ipfshttpclient.exceptions.CommunicationError:
            pass

    def test_sessions_are_opened_again(self):
        client = ipfshttpclient.connect(ADDRESS, chunk_size=4096, timeout=60)
        self.assertEqual(client.chunk_size, 4096)
        for _ in range(2):
            with client:
                self.assertEqual(client.version()["Version"], client.version()["Version"])
        client.close()
        self.assertIn("Version", client.apply_workarounds())

    def test_errors_are_told(self):
        with self.assertRaises(ipfshttpclient.exceptions.ErrorResponse) as failed:
            self.client.cat("not a cid")
        self.assertIn("invalid", str(failed.exception))

    def test_zz_stops(self):
        # Alphabetically the last: the daemon of all others is gone after it.
        self.client.stop()
        with self.assertRaises(ipfshttpclient.exceptions.ConnectionError):
            for _ in range(200):
                self.client.version()
                time.sleep(0.05)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
