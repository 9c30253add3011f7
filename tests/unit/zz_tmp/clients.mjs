// tests/unit/zz_tmp/clients.ts
import { connect } from "node:net";
import { spawn } from "node:child_process";
import mqttPacket from "mqtt-packet";
import { WebSocket, createWebSocketStream } from "ws";
var n = Number(process.argv[2]);
var ws = process.argv[3] === "ws";
var server = spawn(process.execPath, [new URL("./server.mjs", import.meta.url).pathname, String(n)], { stdio: ["pipe", "pipe", "inherit"] });
var ports = await new Promise((r) => server.stdout.on("data", (d) => {
  process.stdout.write(d);
  const m = /PORT (\d+) (\d+)/.exec(String(d));
  if (m) r([Number(m[1]), Number(m[2])]);
}));
var received = 0;
var answered = 0;
var t0 = 0;
var onAll = () => {
};
function one(i) {
  return new Promise((resolve, reject) => {
    const s = ws ? createWebSocketStream(new WebSocket(`ws://127.0.0.1:${ports[1]}/mqtt`, "mqtt", { perMessageDeflate: false })) : connect(ports[0], "127.0.0.1");
    const id = `spk-${i}`;
    const parser = mqttPacket.parser();
    s.on("error", reject);
    s.on("close", () => console.log("closed", id));
    s.on("data", (d) => parser.parse(d));
    const send = (p) => s.write(mqttPacket.generate(p));
    parser.on("packet", (p) => {
      if (p.cmd === "connack") send({ cmd: "subscribe", messageId: 1, subscriptions: [`loa/1/speaker/${id}/down/+`, ...["vn", "tinh", "xa", "ap"].map((a) => `loa/1/area/${a}/+`)].map((topic) => ({ topic, qos: 1 })) });
      else if (p.cmd === "suback") {
        send({ cmd: "publish", topic: `loa/1/speaker/${id}/up/hello`, payload: "{}", qos: 1, messageId: 2 });
        resolve();
      } else if (p.cmd === "publish") {
        received++;
        if (received === n) console.log("all received", (performance.now() - t0).toFixed(0));
        send({ cmd: "puback", messageId: p.messageId });
        send({ cmd: "publish", qos: 1, messageId: 3, topic: `loa/1/speaker/${id}/up/answer`, payload: JSON.stringify({ v: 1, orderId: "ord-1", orderHash: "a".repeat(64), broadcastId: "brc-1", answer: "accepted", at: 1 }) });
      } else if (p.cmd === "puback" && p.messageId === 3 && ++answered === n) onAll();
    });
    send({ cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, clientId: id, username: id, password: "s", keepalive: 600, will: { topic: `loa/1/speaker/${id}/up/presence`, payload: '{"v":1,"sessionEpoch":1,"online":false}', qos: 1, retain: false } });
  });
}
t0 = performance.now();
for (let i = 0; i < n; i += 200) await Promise.all(Array.from({ length: Math.min(200, n - i) }, (_, k) => one(i + k)));
console.log("connected", n, (performance.now() - t0).toFixed(0), "ms");
server.stdin.write("stat\n");
await new Promise((r) => setTimeout(r, 1e3));
for (let k = 0; k < 3; k++) {
  received = answered = 0;
  const all = new Promise((r) => {
    onAll = r;
  });
  t0 = performance.now();
  server.stdin.write("go\n");
  await all;
  await new Promise((r) => setTimeout(r, 300));
}
server.stdin.write("stat\n");
await new Promise((r) => setTimeout(r, 500));
server.stdin.write("bye\n");
process.exit(0);
