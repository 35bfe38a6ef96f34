// The client library of nft.storage against the upload server of a daemon.
//
// Environment: UPLOAD and GATEWAY, their URLs; TOKEN and READ_TOKEN, tokens with the scopes `upload` and `read`.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Blob, File, NFTStorage } from 'nft.storage'

const { UPLOAD, GATEWAY, TOKEN, READ_TOKEN } = process.env
const endpoint = new URL(UPLOAD)
const client = new NFTStorage({ token: TOKEN, endpoint })

async function read(path) {
  const response = await fetch(`${GATEWAY}/ipfs/${path}`)
  assert.equal(response.status, 200, path)
  return new Uint8Array(await response.arrayBuffer())
}

async function text(path) {
  return new TextDecoder().decode(await read(path))
}

/** Bytes that no chunk repeats. */
function bytes(size) {
  const words = new Uint32Array(size / 4)
  let state = 1
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[at] = state
  }
  return new Uint8Array(words.buffer)
}

test('a blob', async () => {
  const cid = await client.storeBlob(new Blob(['hello']))
  assert.equal(cid, 'bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq')
  assert.equal(await text(cid), 'hello')
  const status = await client.status(cid)
  assert.equal(status.cid, cid)
  assert.equal(status.size, 5)
  assert.equal(status.pin.status, 'pinned')
  assert.ok(status.pin.created instanceof Date && status.created.getTime() > 0)
  assert.deepEqual(status.deals, [])
  const checked = await client.check(cid)
  assert.equal(checked.cid, cid)
  assert.equal(checked.pin.status, 'pinned')
  assert.deepEqual(checked.deals, [])
  await client.delete(cid)
  await assert.rejects(client.status(cid), /NFT not found/)
  await assert.rejects(client.check(cid), /NFT not found/)
})

test('a directory', async () => {
  const cid = await client.storeDirectory([
    new File(['one'], 'a.txt'),
    new File(['two'], 'sub/b.txt'),
  ])
  assert.equal(await text(`${cid}/a.txt`), 'one')
  assert.equal(await text(`${cid}/sub/b.txt`), 'two')
  assert.equal((await client.status(cid)).pin.status, 'pinned')
})

test('a CAR in parts', async () => {
  const data = bytes(6 << 20)
  const { cid, car } = await NFTStorage.encodeBlob(new Blob([data]))
  let chunks = 0
  const stored = await client.storeCar(car, {
    maxChunkSize: 1 << 20,
    onStoredChunk: () => chunks++,
  })
  assert.equal(stored, cid.toString())
  assert.ok(chunks > 5, `${chunks} parts`)
  assert.equal((await client.status(stored)).pin.status, 'pinned')
  assert.deepEqual(await read(stored), data)
  const response = await fetch(new URL(stored, endpoint), {
    headers: { Authorization: `Bearer ${TOKEN}` },
  })
  const { value } = await response.json()
  assert.equal(value.parts.length, chunks)
})

test('an NFT', async () => {
  const metadata = await client.store({
    name: 'Hello',
    description: 'An example',
    image: new File(['image'], 'pinpie.jpg', { type: 'image/jpeg' }),
    properties: { videoClip: new File(['video'], 'clip.mp4', { type: 'video/mp4' }) },
  })
  const status = await client.status(metadata.ipnft)
  assert.equal(status.pin.status, 'pinned')
  const json = JSON.parse(await text(`${metadata.ipnft}/metadata.json`))
  assert.equal(json.name, 'Hello')
  assert.equal(await text(json.image.replace('ipfs://', '')), 'image')
})

test('an NFT that the server makes', async () => {
  // The forms of Node.js: the library's are for its own requests.
  const image = new globalThis.File(['image'], 'pinpie.jpg', { type: 'image/jpeg' })
  const form = new FormData()
  form.append('image', image, image.name)
  form.append('meta', JSON.stringify({ name: 'Hello', description: 'An example' }))
  const response = await fetch(new URL('store', endpoint), {
    method: 'POST',
    headers: { Authorization: `Bearer ${TOKEN}` },
    body: form,
  })
  const { ok, value } = await response.json()
  assert.ok(ok)
  assert.deepEqual(JSON.parse(await text(`${value.ipnft}/metadata.json`)), value.data)
  assert.equal(await text(value.data.image.replace('ipfs://', '')), 'image')
  assert.equal((await client.status(value.ipnft)).pin.status, 'pinned')
})

test('refusals', async () => {
  const options = { maxRetries: 0 }
  const nobody = new NFTStorage({ token: 'nonsense', endpoint })
  await assert.rejects(nobody.storeBlob(new Blob(['x']), options), /malformed/)
  await assert.rejects(nobody.status('bafkqaaa'), /malformed/)
  const reader = new NFTStorage({ token: READ_TOKEN, endpoint })
  await assert.rejects(reader.storeBlob(new Blob(['x']), options), /not allow/)
  await assert.rejects(client.check('bafkqaaa'), /NFT not found/)
})
