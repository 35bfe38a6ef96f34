// The cluster client of nft.storage against the cluster server of a daemon: every call.
//
// Environment: CLUSTER, its URL; USER and PASSWORD of a user.

import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { Cluster } from '@nftstorage/ipfs-cluster'

const { CLUSTER, USER, PASSWORD } = process.env
const basic = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`
const cluster = new Cluster(CLUSTER, { headers: { Authorization: basic } })

const HELLO = 'bafkreibvqx7zfimqvdochwq4fxpbzxkgmliobmk242fnattdlwijoqs32a'
const hello = () => new File(['hello golden\n'], 'hello.txt')
const UNKNOWN = 'bafkreidroxz5mofhok7e5ebwrf4vo5uyuvvnsw2klas4p65j3y4vcdlhvy'

// A CAR of one raw block, which is its root.
const CAR_ROOT = 'bafkreichbxzzvg6uwcmtplm2xcu4izp4ivgiu5uhc5odahszcggthw5gk4'
const car = async () => {
  const bytes = new TextEncoder().encode('raw block one')
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  const cid = Uint8Array.of(1, 0x55, 0x12, 0x20, ...digest)
  const root = Uint8Array.of(0xd8, 0x2a, 0x58, 37, 0, ...cid)
  const text = (text) => new TextEncoder().encode(text)
  const header = Uint8Array.of(
    0xa2, 0x65, ...text('roots'), 0x81, ...root, 0x67, ...text('version'), 1
  )
  const length = cid.length + bytes.length
  const block = Uint8Array.of(length, ...cid, ...bytes)
  return new Blob([Uint8Array.of(header.length, ...header), block])
}

const pinned = async (cid) => {
  for (;;) {
    const { peerMap } = await cluster.status(cid)
    const statuses = Object.values(peerMap).map((peer) => peer.status)
    if (statuses.length > 0 && statuses.every((status) => status === 'pinned')) return
    assert.ok(!statuses.some((status) => status.endsWith('error')), JSON.stringify(peerMap))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

// An empty list is 204 without a body, as IPFS Cluster sends it. The library takes that for an error.
const nothing = (options) => assert.rejects(cluster.statusAll(options), /Missing response body/)

let self

before(async () => {
  self = await cluster.info()
})

test('version', async () => {
  assert.match(await cluster.version(), /^\d+\.\d+\.\d+/)
})

test('info and peerList', async () => {
  assert.match(self.id, /^12D3Koo/)
  assert.ok(self.ipfs.id.length > 0)
  assert.ok(self.clusterPeers.includes(self.id))
  const peers = await cluster.peerList()
  assert.deepEqual(peers.map((peer) => peer.id), [self.id])
})

test('wrong credentials', async () => {
  for (const headers of [undefined, { Authorization: 'Basic bm86Ym9keQ==' }, { Authorization: 'Bearer a.b.c' }]) {
    const stranger = new Cluster(CLUSTER, { headers })
    await assert.rejects(stranger.info(), (error) => error.response.status === 401)
  }
})

test('a token from the API', async () => {
  const answer = await fetch(new URL('token', CLUSTER), { method: 'POST', headers: { Authorization: basic } })
  const { token } = await answer.json()
  const bearer = new Cluster(CLUSTER, { headers: { Authorization: `Bearer ${token}` } })
  assert.equal((await bearer.info()).id, self.id)
})

test('add', async () => {
  const added = await cluster.add(hello(), { name: 'hello', metadata: { kind: 'greeting' } })
  assert.equal(added.cid, HELLO)
  assert.equal(added.name, 'hello.txt')
  await pinned(HELLO)
  const pin = await cluster.allocation(HELLO)
  assert.equal(pin.name, 'hello')
  assert.deepEqual(pin.metadata, { kind: 'greeting' })
  assert.equal(pin.type, 'pin')
  assert.equal(pin.maxDepth, -1)
})

test('add with CID version 0 and a chunker', async () => {
  const options = { cidVersion: 0, rawLeaves: false, chunker: 'size-4' }
  const added = await cluster.add(new File(['hello golden\n'], 'h'), options)
  assert.match(added.cid, /^Qm/)
  await pinned(added.cid)
  await cluster.unpin(added.cid)
})

test('addDirectory', async () => {
  const files = [new File(['one'], 'one.txt'), new File(['two'], 'sub/two.txt')]
  const added = await cluster.addDirectory(files)
  const names = added.map(({ name }) => name)
  assert.deepEqual(names, ['one.txt', 'sub/two.txt', 'sub', ''])
  const root = added.at(-1).cid
  await pinned(root)

  // Pin and unpin what a path leads to.
  const inner = await cluster.pin(`/ipfs/${root}/one.txt`)
  assert.equal(inner.cid, added[0].cid)
  assert.equal((await cluster.unpin(`/ipfs/${root}/one.txt`)).cid, added[0].cid)
  await cluster.unpin(root)
})

test('addCAR', async () => {
  const added = await cluster.addCAR(await car(), { name: 'car' })
  assert.equal(added.cid, CAR_ROOT)
  assert.equal(added.bytes, 13)
  await pinned(CAR_ROOT)
  assert.equal((await cluster.allocation(CAR_ROOT)).name, 'car')
})

test('pin with options, and change them', async () => {
  const expireAt = new Date(Date.now() + 3_600_000)
  expireAt.setMilliseconds(0)
  const pin = await cluster.pin(HELLO, {
    name: 'named',
    replicationFactorMin: 1,
    replicationFactorMax: 1,
    userAllocations: [self.id],
    metadata: { 'K 2': 'ü' },
    expireAt
  })
  assert.deepEqual([pin.replicationFactorMin, pin.replicationFactorMax], [1, 1])
  assert.deepEqual(pin.allocations, [self.id])
  const kept = await cluster.allocation(HELLO)
  assert.equal(kept.name, 'named')
  assert.deepEqual(kept.metadata, { 'K 2': 'ü' })
  assert.equal(kept.expireAt.getTime(), expireAt.getTime())
  const updated = await cluster.pin(CAR_ROOT, { pinUpdate: HELLO, name: 'updated' })
  assert.equal(updated.pinUpdate, HELLO)
  assert.equal(updated.name, 'updated')
  await pinned(CAR_ROOT)
})

test('bad options change nothing', async () => {
  for (const options of [{ origins: ['x'] }, { replicationFactorMin: 'x' }, { pinUpdate: 'x' }]) {
    const refused = cluster.pin(UNKNOWN, options)
    await assert.rejects(refused, (error) => error.response.status === 400)
  }
  await assert.rejects(cluster.allocation(UNKNOWN), (error) => error.response.status === 404)
})

test('status and statusAll', async () => {
  await pinned(HELLO)
  const one = await cluster.status(HELLO)
  assert.equal(one.cid, HELLO)
  assert.equal(one.name, 'named')
  assert.equal(one.peerMap[self.id].status, 'pinned')
  assert.equal(one.peerMap[self.id].peerName, self.peerName)
  assert.equal((await cluster.status(HELLO, { local: true })).peerMap[self.id].status, 'pinned')
  assert.equal((await cluster.status(UNKNOWN)).peerMap[self.id].status, 'unpinned')

  const cids = (list) => list.map(({ cid }) => cid).sort()
  const all = await cluster.statusAll()
  assert.ok(cids(all).includes(HELLO) && cids(all).includes(CAR_ROOT))
  assert.deepEqual(cids(await cluster.statusAll({ filter: 'pinned' })), cids(all))
  assert.deepEqual(cids(await cluster.statusAll({ local: true })), cids(all))
  assert.deepEqual(cids(await cluster.statusAll({ cids: [HELLO, UNKNOWN] })), [HELLO, UNKNOWN].sort())
  await nothing({ filter: 'pin_error' })
  await assert.rejects(cluster.statusAll({ filter: 'nonsense' }), (error) => error.response.status === 400)
})

test('recover', async () => {
  const recovered = await cluster.recover(HELLO)
  assert.equal(recovered.peerMap[self.id].status, 'pinned')
  assert.equal((await cluster.recover(HELLO, { local: true })).cid, HELLO)
})

test('metricNames', async () => {
  const names = await cluster.metricNames()
  assert.ok(names.includes('freespace') && names.includes('ping'), names.join())
})

test('unpin', async () => {
  for (const cid of [CAR_ROOT, HELLO]) {
    assert.equal((await cluster.unpin(cid)).cid, cid)
    await assert.rejects(cluster.allocation(cid), (error) => error.response.status === 404)
  }
  await assert.rejects(cluster.unpin(HELLO), (error) => error.response.status === 404)
  await nothing()
})
