// Helia as a peer of a daemon: blocks, messages by topic and IPNS, both ways. `RPC` is the URL of the daemon's RPC.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { withBitswap } from '@helia/bitswap'
import { ipns, pubSubIPNSRouting } from '@helia/ipns'
import { withLibp2pLight } from '@helia/libp2p'
import { unixfs } from '@helia/unixfs'
import { fetch as fetchService } from '@libp2p/fetch'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { multiaddr } from '@multiformats/multiaddr'
import { MemoryBlockstore } from 'blockstore-core'
import { MemoryDatastore } from 'datastore-core'
import { createHeliaLight } from 'helia'
import { CID } from 'multiformats/cid'
import { base64url } from 'multiformats/bases/base64'

// Node.js 22 has it, and the libraries expect it.
Promise.withResolvers ??= () => {
  const parts = {}
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }))
  return parts
}

const RPC = process.env.RPC
const LIMIT = 60_000

async function call (path, options = {}) {
  const response = await fetch(`${RPC}/api/v0/${path}`, { method: 'POST', signal: AbortSignal.timeout(LIMIT), ...options })
  const body = Buffer.from(await response.arrayBuffer())
  assert.equal(response.status, 200, `${path}: ${body}`)
  return body
}

async function json (path, options) {
  return JSON.parse(await call(path, options))
}

function form (data) {
  const body = new FormData()
  body.append('file', new Blob([data]))
  return { body }
}

// The records of a response that does not end.
async function * records (path) {
  const response = await fetch(`${RPC}/api/v0/${path}`, { method: 'POST' })
  assert.equal(response.status, 200)
  let text = ''
  for await (const piece of response.body) {
    text += Buffer.from(piece)
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield JSON.parse(text.slice(0, end))
      text = text.slice(end + 1)
    }
  }
}

async function until (what, condition) {
  const end = Date.now() + LIMIT
  while (!(await condition())) {
    assert.ok(Date.now() < end, `waited for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

async function helia () {
  const light = createHeliaLight({ blockstore: new MemoryBlockstore(), datastore: new MemoryDatastore() })
  const node = withBitswap(withLibp2pLight(light, {
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp(), webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(),
      ping: ping(),
      fetch: fetchService(),
      pubsub: gossipsub({ allowPublishToZeroTopicPeers: true })
    }
  }))
  await node.start()
  return node
}

let daemon
let addresses

before(async () => {
  daemon = (await json('id')).ID
  addresses = (await json('swarm/addrs/listen')).Strings
})

// The daemon's address over a transport.
function over (transport) {
  const of = transport === 'ws' ? address => address.endsWith('/ws') : address => /\/tcp\/\d+$/.test(address)
  return multiaddr(`${addresses.find(of)}/p2p/${daemon}`)
}

for (const transport of ['tcp', 'ws']) {
  test(`blocks both ways over ${transport}`, { timeout: LIMIT * 2 }, async t => {
    const node = await helia()
    t.after(() => node.stop())
    await node.libp2p.dial(over(transport))
    const files = unixfs(node)

    const ours = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 7 + transport.length) % 251))
    const added = await json('add?cid-version=1', form(ours))
    const read = []
    for await (const piece of files.cat(CID.parse(added.Hash))) {
      read.push(piece)
    }
    assert.deepEqual(Buffer.concat(read), ours)

    const theirs = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 11 + transport.length) % 241))
    const cid = await files.addBytes(theirs)
    assert.deepEqual(await call(`cat?arg=${cid}`), theirs)
    const peers = (await json('swarm/peers?identify=true')).Peers
    assert.ok(peers.some(peer => peer.Peer === node.libp2p.peerId.toString() && /helia/.test(peer.Identify.AgentVersion)))
  })
}

test('messages by topic both ways', { timeout: LIMIT }, async t => {
  const node = await helia()
  t.after(() => node.stop())
  const pubsub = node.libp2p.services.pubsub
  const topic = base64url.encode(new TextEncoder().encode('talk'))
  const heard = Promise.withResolvers()
  pubsub.addEventListener('message', event => heard.resolve(event.detail))
  pubsub.subscribe('talk')
  const messages = records(`pubsub/sub?arg=${topic}`)
  const first = messages.next()
  await node.libp2p.dial(over('tcp'))
  const id = node.libp2p.peerId.toString()
  await until('Helia as a peer of the topic', async () => (await json(`pubsub/peers?arg=${topic}`)).Strings?.includes(id))
  await until('the daemon as a peer of the topic', () => pubsub.getSubscribers('talk').some(peer => peer.toString() === daemon))

  await pubsub.publish('talk', new TextEncoder().encode('from Helia'))
  const message = (await first).value
  assert.equal(message.from, id)
  assert.equal(new TextDecoder().decode(base64url.decode(message.data)), 'from Helia')

  await call(`pubsub/pub?arg=${topic}`, form('from the daemon'))
  const other = await heard.promise
  assert.equal(new TextDecoder().decode(other.data), 'from the daemon')
  assert.equal(other.from.toString(), daemon)
  await messages.return()
})

// Helia with IPNS by topic, connected.
async function namesOverPubsub (t) {
  const node = await helia()
  t.after(() => node.stop())
  const routing = pubSubIPNSRouting(node)
  await routing.start()
  t.after(() => routing.stop())
  await node.libp2p.dial(over('tcp'))
  return { node, routing, names: ipns(node, { routers: [routing] }), pubsub: node.libp2p.services.pubsub }
}

// The key of a name's record, and the topic of its records.
function keyAndTopic (name) {
  const key = Buffer.concat([Buffer.from('/ipns/'), name.multihash.bytes])
  return { key, topic: `/record/${base64url.baseEncode(key)}` }
}

// Whether the daemon is in a topic, as far as Helia knows.
const daemonIn = (pubsub, topic) => () => pubsub.getSubscribers(topic).some(peer => peer.toString() === daemon)

// The daemon does not wait long for a record that nobody has: it may have to be asked again.
async function resolvedByDaemon (name) {
  const response = await fetch(`${RPC}/api/v0/name/resolve?arg=${name}&nocache=true`, { method: 'POST', signal: AbortSignal.timeout(LIMIT) })
  return response.ok ? (await response.json()).Path : undefined
}

const signal = () => ({ signal: AbortSignal.timeout(LIMIT) })

test('the daemon hears of a record that Helia publishes', { timeout: LIMIT * 2 }, async t => {
  const { node, names, pubsub } = await namesOverPubsub(t)
  const cid = await unixfs(node).addBytes(new TextEncoder().encode('by Helia'))
  const name = (await node.keychain.generateKey('name')).publicKey.toCID()
  // It subscribes to the topic, as it resolves the name.
  const first = resolvedByDaemon(name)
  await until('the subscription of the daemon', daemonIn(pubsub, keyAndTopic(name).topic))
  await names.publish('name', cid, signal())
  await first
  await until('the record', async () => await resolvedByDaemon(name) === `/ipfs/${cid}`)
  assert.equal(await call(`cat?arg=/ipns/${name}`).then(String), 'by Helia')
})

test('the daemon fetches a record that Helia published before', { timeout: LIMIT * 2 }, async t => {
  const { node, routing, names, pubsub } = await namesOverPubsub(t)
  const cid = await unixfs(node).addBytes(new TextEncoder().encode('by Helia, before'))
  const name = (await names.publish('name', cid, signal())).publicKey.toCID()
  const { key, topic } = keyAndTopic(name)
  assert.deepEqual(pubsub.getSubscribers(topic), [])
  // Helia does not subscribe to its own names unless it looks for them.
  await assert.rejects(routing.get(key, signal()), { name: 'NotFoundError' })
  assert.ok(pubsub.getTopics().includes(topic))
  await until('the record', async () => await resolvedByDaemon(name) === `/ipfs/${cid}`)
})

test('Helia fetches and hears of records that the daemon publishes', { timeout: LIMIT * 2 }, async t => {
  const { names, pubsub } = await namesOverPubsub(t)
  const publish = async text => {
    const path = `/ipfs/${(await json('add?cid-version=1', form(text))).Hash}`
    return { path, name: CID.parse((await json(`name/publish?arg=${path}`)).Name) }
  }
  const resolved = async (name, options) => {
    for await (const { value } of names.resolve(name, { ...options, ...signal() })) {
      return value
    }
  }
  const { path, name } = await publish('by the daemon')
  await until('the daemon in the topic', daemonIn(pubsub, keyAndTopic(name).topic))
  assert.equal(await resolved(name, { nocache: true }), path)
  // It is subscribed to the topic now, and keeps what it hears.
  const { path: next } = await publish('by the daemon, later')
  assert.notEqual(next, path)
  await until('the next record', async () => await resolved(name, { offline: true }) === next)
})

after(() => setTimeout(() => process.exit(), 1000).unref())
