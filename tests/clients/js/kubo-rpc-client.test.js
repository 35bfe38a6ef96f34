// What programs do with kubo-rpc-client, against a daemon that ipfsd-ctl starts: the binary is named by KUBO_BINARY.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createFactory } from 'ipfsd-ctl'
import { create, globSource, multiaddr } from 'kubo-rpc-client'
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PEER = '12D3KooWEqnTdgqHnkkwarSrJjeMP2ZJiADWLYADaNvUb6SQNyPF'
const HELLO = 'QmZULkCELmmk5XNfCgTnCyFgAVxBRBXyDHGGMVoLFLiXEN'

const collect = async (source) => {
  const all = []
  for await (const item of source) all.push(item)
  return all
}
const bytes = async (source) => Buffer.concat(await collect(source))

describe('kubo-rpc-client', () => {
  let factory, node, ipfs, folder

  before(async () => {
    factory = createFactory({
      type: 'kubo',
      test: true,
      disposable: true,
      bin: process.env.KUBO_BINARY,
      rpc: create
    })
    node = await factory.spawn()
    ipfs = node.api
    folder = await mkdtemp(join(tmpdir(), 'cairn-clients-'))
  })

  after(async () => {
    await factory?.clean()
    if (folder != null) await rm(folder, { recursive: true })
  })

  it('tells its version and its id', async () => {
    assert.equal((await ipfs.version()).version, '0.42.0')
    assert.match((await ipfs.id()).id.toString(), /^12D3Koo/)
    // The library calls a node with addresses online.
    assert.equal(await ipfs.isOnline(), true)
    assert.match(ipfs.getEndpointConfig().host, /127\.0\.0\.1/)
  })

  it('adds bytes and reads them', async () => {
    const added = await ipfs.add('hello\n')
    assert.equal(added.cid.toString(), HELLO)
    assert.equal((await bytes(ipfs.cat(HELLO))).toString(), 'hello\n')
    assert.equal((await bytes(ipfs.cat(HELLO, { offset: 1, length: 3 }))).toString(), 'ell')
  })

  it('adds a stream of unknown length and tells of progress', async () => {
    const piece = Buffer.alloc(100_000, 7)
    async function * pieces () {
      for (let at = 0; at < 20; at++) yield piece
    }
    let seen = 0
    const added = await ipfs.add(pieces(), { cidVersion: 1, progress: (so) => { seen = so } })
    assert.equal(seen, 2_000_000)
    assert.equal((await bytes(ipfs.cat(added.cid))).length, 2_000_000)
  })

  it('adds many files in a folder, and lists them', async () => {
    const files = Array.from({ length: 40 }, (_, at) => ({ path: `file-${at}`, content: `content ${at}` }))
    const added = await collect(ipfs.addAll(files, { wrapWithDirectory: true }))
    assert.equal(added.length, 41)
    const root = added.find((entry) => entry.path === '')
    const listed = await collect(ipfs.ls(root.cid))
    assert.equal(listed.length, 40)
    assert.deepEqual(new Set(listed.map((entry) => entry.type)), new Set(['file']))
  })

  it('adds a folder of the disk and gets it as an archive', async () => {
    await mkdir(join(folder, 'tree', 'below'), { recursive: true })
    await writeFile(join(folder, 'tree', 'a.txt'), 'a')
    await writeFile(join(folder, 'tree', 'below', 'b.txt'), 'b')
    const added = await collect(ipfs.addAll(globSource(folder, '**/*')))
    const tree = added.find((entry) => entry.path === 'tree')
    const archive = await bytes(ipfs.get(tree.cid))
    assert.ok(archive.includes(`${tree.cid}/below/b.txt`))
  })

  it('puts, reads, counts and removes blocks', async () => {
    const cid = await ipfs.block.put(Buffer.from('a block'))
    assert.equal(Buffer.from(await ipfs.block.get(cid)).toString(), 'a block')
    assert.equal((await ipfs.block.stat(cid)).size, 7)
    const [removed] = await collect(ipfs.block.rm(cid))
    assert.equal(removed.cid.toString(), cid.toString())
    assert.equal(removed.error ?? undefined, undefined)
  })

  it('exports and imports archives', async () => {
    const { cid } = await ipfs.add('to be moved')
    const archive = await bytes(ipfs.dag.export(cid))
    await ipfs.pin.rm(cid)
    await collect(ipfs.repo.gc())
    const [imported] = await collect(ipfs.dag.import([archive]))
    assert.equal(imported.root.cid.toString(), cid.toString())
    assert.equal((await bytes(ipfs.cat(cid))).toString(), 'to be moved')
  })

  it('pins', async () => {
    const { cid } = await ipfs.add('pinned', { pin: false })
    await assert.rejects(ipfs.pin.rm(cid), /not pinned/)
    assert.equal((await ipfs.pin.add(cid)).toString(), cid.toString())
    const [pin] = await collect(ipfs.pin.ls({ paths: [cid] }))
    assert.equal(pin.type, 'recursive')
    assert.equal((await ipfs.pin.rm(cid)).toString(), cid.toString())
  })

  it('tells of the repository and collects', async () => {
    await ipfs.add('garbage', { pin: false })
    assert.ok((await ipfs.repo.stat()).numObjects > 0n)
    const collected = await collect(ipfs.repo.gc())
    assert.ok(collected.length > 0)
    assert.ok(collected.every((entry) => entry.err == null))
    assert.ok(await ipfs.repo.version() > 0)
  })

  it('reads and changes the configuration', async () => {
    await ipfs.config.set('Gateway.RootRedirect', '/elsewhere')
    assert.equal(await ipfs.config.get('Gateway.RootRedirect'), '/elsewhere')
    assert.ok('Addresses' in await ipfs.config.getAll())
  })

  it('keeps files that change', async () => {
    const { files } = ipfs
    await files.mkdir('/js/deep', { parents: true })
    await files.write('/js/deep/a', Buffer.from('0123456789'), { create: true })
    await files.write('/js/deep/a', Buffer.from('AB'), { offset: 4 })
    assert.equal((await bytes(files.read('/js/deep/a'))).toString(), '0123AB6789')
    assert.equal((await bytes(files.read('/js/deep/a', { offset: 3, length: 3 }))).toString(), '3AB')
    const { cid } = await ipfs.add('hello\n')
    await files.cp(`/ipfs/${cid}`, '/js/hello')
    await files.mv('/js/hello', '/js/deep/b')
    const listed = await collect(files.ls('/js/deep'))
    assert.deepEqual(listed.map((entry) => [entry.name, entry.type, entry.size]), [['a', 'file', 10], ['b', 'file', 6]])
    assert.equal(listed[1].cid.toString(), HELLO)
    const told = await files.stat('/js/deep/a', { withLocal: true })
    assert.equal(told.type, 'file')
    assert.equal(told.local, true)
    assert.equal((await files.flush('/js')).toString(), (await files.stat('/js')).cid.toString())
    await assert.rejects(files.read('/js/none').next(), /does not exist/)
    await files.rm('/js', { recursive: true })
    assert.equal((await collect(files.ls('/'))).length, 0)
  })

  it('stores nodes of several codecs, and resolves paths in them', async () => {
    const { cid: linked } = await ipfs.add('linked')
    const cid = await ipfs.dag.put({ stones: [1, 2, { deep: linked }] })
    const { value } = await ipfs.dag.get(cid)
    assert.deepEqual(value.stones.slice(0, 2), [1, 2])
    assert.equal((await ipfs.dag.get(cid, { path: 'stones/1' })).value, 2)
    const resolved = await ipfs.dag.resolve(cid, { path: 'stones/1' })
    assert.deepEqual([resolved.cid.toString(), resolved.remainderPath], [cid.toString(), '/stones/1'])
    const json = await ipfs.dag.put({ a: 1 }, { storeCodec: 'dag-json' })
    assert.deepEqual((await ipfs.dag.get(json)).value, { a: 1 })
    const refs = await collect(ipfs.refs(cid))
    assert.deepEqual(refs.map((entry) => entry.ref), [linked.toString()])
    const local = await collect(ipfs.refs.local())
    assert.ok(local.length > 2 && local.every((entry) => entry.err === ''))
    assert.equal(await ipfs.resolve(`/ipfs/${linked}`), `/ipfs/${linked}`)
  })

  it('pins and unpins several at once', async () => {
    const cids = []
    for await (const { cid } of ipfs.addAll(['pin a', 'pin b'], { pin: false })) cids.push(cid)
    assert.equal((await collect(ipfs.pin.addAll(cids))).length, 2)
    const pins = await collect(ipfs.pin.ls({ type: 'recursive' }))
    assert.ok(cids.every((cid) => pins.some((pin) => pin.cid.equals(cid))))
    assert.equal((await collect(ipfs.pin.rmAll(cids))).length, 2)
  })

  it('replaces the configuration, applies profiles, lists commands', async () => {
    const config = await ipfs.config.getAll()
    config.Gateway.RootRedirect = '/replaced'
    await ipfs.config.replace(config)
    assert.equal(await ipfs.config.get('Gateway.RootRedirect'), '/replaced')
    const { original, updated } = await ipfs.config.profiles.apply('server', { dryRun: true })
    assert.notDeepEqual(original, updated)
    assert.ok((await ipfs.commands()).Subcommands.some((command) => command.Name === 'pin'))
    assert.ok('ipfs_version' in await ipfs.diag.sys())
  })

  it('patches objects', async () => {
    await ipfs.files.mkdir('/patched')
    const folder = (await ipfs.files.stat('/patched')).cid
    const { cid } = await ipfs.add('linked', { cidVersion: 0 })
    const linked = await ipfs.object.patch.addLink(folder, { Name: 'a', Hash: cid, Tsize: 6 })
    assert.deepEqual((await collect(ipfs.ls(linked))).map((entry) => entry.name), ['a'])
    assert.equal((await ipfs.object.patch.rmLink(linked, { Name: 'a', Hash: cid, Tsize: 6 })).toString(), folder.toString())
    await ipfs.files.rm('/patched', { recursive: true })
  })

  it('keeps a list of bootstrap peers', async () => {
    const address = multiaddr(`/ip4/127.0.0.1/tcp/4001/p2p/${PEER}`)
    assert.equal((await ipfs.bootstrap.add(address)).Peers.length, 1)
    assert.ok((await ipfs.bootstrap.list()).Peers.some((peer) => peer.equals(address)))
    assert.equal((await ipfs.bootstrap.rm(address)).Peers.length, 1)
  })

  it('changes what is logged, and lists requests', async () => {
    assert.match((await ipfs.log.level('all', 'error')).message ?? '', /./)
    assert.ok((await ipfs.log.ls()).length > 0)
    assert.ok((await ipfs.diag.cmds()).length > 0)
  })

  it('answers without peers, or says that it has none', async () => {
    const address = multiaddr(`/ip4/127.0.0.1/tcp/9/p2p/${PEER}`)
    const { cid } = await ipfs.add('announced')
    const timeout = 30_000
    for (const call of [
      () => ipfs.bitswap.stat({ timeout }),
      () => ipfs.bitswap.wantlist({ timeout }),
      () => ipfs.swarm.addrs({ timeout }),
      () => ipfs.swarm.localAddrs({ timeout }),
      () => ipfs.swarm.peers({ timeout }),
      () => ipfs.swarm.connect(address, { timeout }),
      () => ipfs.swarm.disconnect(address, { timeout }),
      () => collect(ipfs.routing.findPeer(PEER, { timeout })),
      () => collect(ipfs.routing.findProvs(cid, { timeout })),
      () => collect(ipfs.routing.provide(cid, { timeout })),
      () => collect(ipfs.dht.query(PEER, { timeout })),
      () => collect(ipfs.stats.bw({ timeout })),
      () => collect(ipfs.ping(PEER, { count: 1, timeout })),
      () => ipfs.pubsub.ls({ timeout }),
      () => ipfs.pubsub.peers('topic', { timeout }),
      () => ipfs.pubsub.publish('topic', Buffer.from('data'), { timeout })
    ]) {
      try {
        await call()
      } catch (error) {
        assert.equal(error.name, 'HTTPError', `${call}: ${error.stack}`)
      }
    }
  })

  it('manages pinning services', async () => {
    const { service } = ipfs.pin.remote
    await service.add('nest', { endpoint: new URL('http://127.0.0.1:9/psa'), key: 'a token' })
    assert.deepEqual((await service.ls()).map((entry) => entry.service), ['nest'])
    await assert.rejects(collect(ipfs.pin.remote.ls({ service: 'nest' })))
    await service.rm('nest')
    assert.equal((await service.ls()).length, 0)
  })

  it('makes keys and publishes names', async () => {
    const made = await ipfs.key.gen('js', { type: 'ed25519' })
    assert.equal(made.name, 'js')
    assert.ok((await ipfs.key.list()).some((key) => key.name === 'js'))
    const { cid } = await ipfs.add('named')
    const published = await ipfs.name.publish(cid, { key: 'js', allowOffline: true, lifetime: '5m' })
    assert.equal(published.value, `/ipfs/${cid}`)
    const [resolved] = await collect(ipfs.name.resolve(published.name))
    assert.equal(resolved, `/ipfs/${cid}`)
    assert.equal((await ipfs.key.rename('js', 'script')).now, 'script')
    assert.equal((await ipfs.key.rm('script')).name, 'script')
  })

  it('tells of errors, and gives requests up', async () => {
    await assert.rejects(bytes(ipfs.cat('not a cid')), /invalid/)
    await assert.rejects(ipfs.version({ signal: AbortSignal.abort() }))
  })

  it('stops', async () => {
    await node.stop()
    await assert.rejects(ipfs.version())
  })
})
