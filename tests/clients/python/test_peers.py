"""What programs do with ipfshttpclient about peers, against two daemons whose RPC multiaddrs are the arguments.

Both run with ``API.Compat = "0.7"`` and with pubsub, on loopback, and are not connected.
"""

import base64
import sys
import threading
import time
import unittest

import ipfshttpclient

ADDRESSES = sys.argv[1:3]
LIMIT = 60


class Address(str):
    """The library sends an address, and then each of its items as a further one: a text has none here."""

    def __iter__(self):
        return iter(())


def as_list(answer):
    return answer if isinstance(answer, list) else [answer]


def until(what, condition):
    end = time.monotonic() + LIMIT
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited for {what}")
        time.sleep(0.05)


class Peers(unittest.TestCase):
    def setUp(self):
        self.one, self.two = (ipfshttpclient.connect(address, session=True) for address in ADDRESSES)
        self.addCleanup(self.one.close)
        self.addCleanup(self.two.close)
        self.ids = [self.one.id()["ID"], self.two.id()["ID"]]
        listening = [text for text in self.two.id()["Addresses"] if "/ip4/127.0.0.1/tcp/" in text]
        self.address = listening[0]
        if self.ids[1] not in self.address:
            self.address += "/p2p/" + self.ids[1]
        self.address = Address(self.address)
        self.one.swarm.connect(self.address)

    def peers(self, client):
        return [peer["Peer"] for peer in client.swarm.peers()["Peers"] or []]

    def test_swarm(self):
        told = self.one.swarm.connect(self.address)
        self.assertEqual(told["Strings"], [f"connect {self.ids[1]} success"])
        self.assertIn(self.ids[1], self.peers(self.one))
        until("the other side", lambda: self.ids[0] in self.peers(self.two))
        self.assertIn(self.ids[1], self.one.swarm.addrs()["Addrs"])
        told = self.one.swarm.disconnect(self.address)
        self.assertEqual(told["Strings"], [f"disconnect {self.ids[1]} success"])
        until("the end of the connection", lambda: self.ids[1] not in self.peers(self.one))

    def test_swarm_filters(self):
        given = Address("/ip4/192.168.0.0/ipcidr/16")
        self.assertEqual(self.one.swarm.filters.add(given)["Strings"], [given])
        self.assertEqual(self.one.swarm.filters.rm(given)["Strings"], [given])

    def test_id_and_ping(self):
        self.assertEqual(self.one.id(self.ids[1])["ID"], self.ids[1])
        answers = self.one.ping(self.ids[1], count=2)
        self.assertEqual([answer["Success"] for answer in answers], [True] * len(answers))
        self.assertGreaterEqual(len(answers), 4)

    def test_bitswap(self):
        cid = self.two.add_bytes(b"of the second daemon %d" % time.time_ns())
        self.assertTrue(self.one.cat(cid).startswith(b"of the second daemon"))
        stat = self.one.bitswap.stat()
        self.assertGreaterEqual(stat["BlocksReceived"], 1)
        self.assertGreaterEqual(self.two.bitswap.stat()["BlocksSent"], 1)
        self.assertEqual(self.one.bitswap.wantlist()["Keys"] or [], [])
        self.assertEqual(self.one.bitswap.wantlist(self.ids[1])["Keys"] or [], [])

    def test_dht(self):
        def found():
            for step in as_list(self.one.dht.findpeer(self.ids[1])):
                for peer in step["Responses"] or []:
                    if peer["ID"] == self.ids[1]:
                        return True
            return False

        # A connected peer is found before it is in the table.
        self.assertTrue(found())
        cid = self.two.add_bytes(b"announced by the second daemon")

        def provided():
            try:
                steps = as_list(self.one.dht.findprovs(cid))
            except ipfshttpclient.exceptions.ErrorResponse:
                return False
            peers = [peer["ID"] for step in steps if step["Type"] == 4 for peer in step["Responses"] or []]
            return self.ids[1] in peers

        until("the provider", provided)

        def queried():
            try:
                return self.one.dht.query(self.ids[1])
            except ipfshttpclient.exceptions.ErrorResponse:
                # The other is not in the table yet, though it has this one in its own.
                return False

        until("the closest peers", queried)

    def test_pubsub(self):
        topic = "news of %d" % time.time_ns()
        with self.one.pubsub.subscribe(topic) as messages:
            self.assertIn(topic, self.one.pubsub.ls()["Strings"])
            until("the subscriber", lambda: self.ids[0] in (self.two.pubsub.peers(topic)["Strings"] or []))
            self.assertIn(self.ids[0], self.two.pubsub.peers()["Strings"])
            publisher = threading.Thread(target=self.two.pubsub.publish, args=(topic, "hello"))
            publisher.start()
            message = messages.read_message()
            publisher.join()
        self.assertEqual(base64.b64decode(message["data"]), b"hello")
        self.assertEqual(message["topicIDs"], [topic])
        self.assertEqual(len(base64.b64decode(message["seqno"])), 8)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
