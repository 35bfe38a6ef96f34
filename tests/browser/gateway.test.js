// The gateway in a browser. RPC, GATEWAY and CHROMIUM name the daemon's faces and the browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

const rpc = process.env.RPC;
const gateway = process.env.GATEWAY;
const port = new URL(gateway).port;
const site = (cid) => `http://${cid}.ipfs.localhost:${port}`;

/** Adds a directory of files, and returns its CID. */
async function add(files) {
  const form = new FormData();
  for (const [name, content] of Object.entries(files)) {
    form.append("file", new Blob([content]), encodeURIComponent(name));
  }
  const url = `${rpc}/api/v0/add?cid-version=1&wrap-with-directory=true`;
  const answer = await fetch(url, { method: "POST", body: form });
  assert.equal(answer.status, 200);
  const lines = (await answer.text()).trim().split("\n").map((line) => JSON.parse(line));
  return lines.find((line) => line.Name === "").Hash;
}

let browser;
before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
});
after(() => browser?.close());

/** A new page, and what went wrong on it. */
async function open(url) {
  const page = await browser.newPage();
  const problems = [];
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(String(error)));
  const answer = await page.goto(url);
  return { page, problems, answer };
}

test("a page cannot read what belongs to another root", async () => {
  const one = await add({ "index.html": "<p id=secret>one</p><script>localStorage.name = 'one'</script>" });
  const other = await add({ "index.html": `<p>other</p><iframe src="${site(one)}/"></iframe>` });
  const { page: first } = await open(`${gateway.replace("127.0.0.1", "localhost")}/ipfs/${one}/`);
  assert.equal(new URL(first.url()).origin, site(one));
  assert.equal(await first.evaluate(() => localStorage.name), "one");
  const { page } = await open(`${site(other)}/`);
  assert.equal(await page.evaluate(() => localStorage.name ?? null), null);
  await page.frameLocator("iframe").locator("#secret").waitFor();
  const read = await page.evaluate(() => document.querySelector("iframe").contentDocument);
  assert.equal(read, null);
});

test("a single-page app answers for every path", async () => {
  const app = await add({
    "index.html": "<base href='/'><p id=here></p><script src=app.js></script>",
    "app.js": "document.querySelector('#here').textContent = location.pathname",
    "404.html": "<p>no such thing",
    _redirects: "/old/* /new/:splat 301\n/none/* /404.html 404\n/* /index.html 200\n",
  });
  const { page, problems } = await open(`${site(app)}/deep/link`);
  assert.equal(await page.textContent("#here"), "/deep/link");
  assert.deepEqual(problems, []);
  const { page: moved } = await open(`${site(app)}/old/a/b`);
  assert.equal(await moved.textContent("#here"), "/new/a/b");
  const { answer } = await open(`${site(app)}/none/x`);
  assert.equal(answer.status(), 404);
});

/** Ten minutes of silence. */
function wave() {
  const rate = 8000;
  const bytes = rate * 600;
  const data = Buffer.alloc(44 + bytes, 128);
  data.write("RIFF", 0);
  data.writeUInt32LE(36 + bytes, 4);
  data.write("WAVEfmt ", 8);
  data.writeUInt32LE(16, 16);
  data.writeUInt16LE(1, 20);
  data.writeUInt16LE(1, 22);
  data.writeUInt32LE(rate, 24);
  data.writeUInt32LE(rate, 28);
  data.writeUInt16LE(1, 32);
  data.writeUInt16LE(8, 34);
  data.write("data", 36);
  data.writeUInt32LE(bytes, 40);
  return data;
}

test("media is played from any place by ranges", async () => {
  const root = await add({ "index.html": "<audio src=long.wav preload=metadata controls></audio>", "long.wav": wave() });
  const page = await browser.newPage();
  const statuses = [];
  page.on("response", (answer) => answer.url().endsWith(".wav") && statuses.push(answer.status()));
  await page.goto(`${site(root)}/`);
  const at = await page.evaluate(async () => {
    const audio = document.querySelector("audio");
    if (audio.readyState < 1) await new Promise((done) => audio.addEventListener("loadedmetadata", done));
    const seeked = new Promise((done) => audio.addEventListener("seeked", done));
    audio.currentTime = 550;
    await seeked;
    return audio.currentTime;
  });
  assert.equal(at, 550);
  assert.ok(statuses.includes(206), String(statuses));
});

test("a directory is a page that loads nothing from elsewhere", async () => {
  const svg = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><script>alert(1)</script></svg>";
  const root = await add({ "a.svg": svg, "<b>&.txt": "x", "ą.txt": "y" });
  const asked = [];
  const page = await browser.newPage();
  const problems = [];
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("dialog", () => problems.push("a script of content ran"));
  page.on("request", (request) => asked.push(new URL(request.url())));
  await page.goto(`${gateway}/ipfs/${root}/`);
  await page.locator("img").first().waitFor();
  assert.ok(asked.every((url) => url.protocol === "data:" || url.origin === gateway), String(asked));
  const names = await page.locator("td.n a").allTextContents();
  assert.deepEqual(names, ["<b>&.txt", "a.svg", "ą.txt"]);
  assert.deepEqual(problems, []);
  await page.locator("td.n a", { hasText: "ą.txt" }).click();
  assert.equal(await page.textContent("body"), "y");
});
