// What the system tests ask of rhea. One JSON object a line on stdout; exit status 0 if all went as asked.
//   node peer.js send PORT ADDRESS      messages as JSON lines on stdin → {"outcome": "accepted", "bare": hex of what rhea encoded}
//   node peer.js receive PORT ADDRESS N → {"raw": hex of the message as it came, "decoded": what rhea made of it}
// A message in JSON: rhea's own names; {"$": "ulong", "v": "5"} makes a typed value, {"$": "binary", "v": hex} bytes,
// {"body": {"data": […]}} data sections, {"body": {"sequence": […]}} amqp-sequences.
'use strict';
const fs = require('fs');
const path = require('path');
const rhea = require(path.join(process.env.VERA_RHEA, 'node_modules', 'rhea'));
const readline = require('readline');

const [verb, port, address, count] = process.argv.slice(2);
const container = rhea.create_container();
const say = (fact) => process.stdout.write(JSON.stringify(fact) + '\n');
const fail = (why) => { process.stderr.write(why + '\n'); process.exit(1); };
setTimeout(() => fail('deadline passed'), 50000).unref();

function typed(value) {
  if (Array.isArray(value)) return value.map(typed);
  if (value === null || typeof value !== 'object') return value;
  if (!('$' in value)) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, typed(inner)]));
  const text = value.v;
  switch (value.$) {
    case 'binary': return Buffer.from(text, 'hex');
    case 'zeros': return Buffer.alloc(text);
    case 'timestamp': return rhea.types.wrap_timestamp(text);
    case 'map': return rhea.types.wrap_map(typed(text));
    case 'list': return rhea.types.wrap_list(typed(text));
    default: return rhea.types['wrap_' + value.$](typed(text));
  }
}

function message_of(json) {
  const message = typed({ ...json, body: null });
  if (json.body && json.body.data) message.body = rhea.message.data_sections(json.body.data.map(typed));
  else if (json.body && json.body.sequence) message.body = rhea.message.sequence_sections(json.body.sequence.map(typed));
  else message.body = typed(json.body);
  return message;
}

// VERA_TLS: JSON with the files ca, cert and key, for TLS with SASL EXTERNAL.
function connect_options() {
  if (!process.env.VERA_TLS) return { host: '127.0.0.1', username: 'anonymous' };
  const files = JSON.parse(process.env.VERA_TLS);
  const [ca, cert, key] = [files.ca, files.cert, files.key].map((file) => fs.readFileSync(file));
  return { host: 'localhost', transport: 'tls', servername: 'localhost', ca, cert, key, enable_sasl_external: true };
}
const connection = container.connect({ port: Number(port), reconnect: false, ...connect_options() });
container.on('connection_error', (context) => fail('connection: ' + context.connection.get_error()));
container.on('session_error', (context) => fail('session: ' + context.session.get_error()));
container.on('sender_error', (context) => fail('sender: ' + context.sender.error));
container.on('receiver_error', (context) => fail('receiver: ' + context.receiver.error));
container.on('disconnected', (context) => { if (context.error) fail('disconnected: ' + context.error); });

async function send() {
  const sender = connection.open_sender(address);
  await new Promise((resolve) => sender.once('sendable', resolve));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const message = message_of(JSON.parse(line));
    const encoded = rhea.message.encode(message);
    const settled = new Promise((resolve) => {
      for (const outcome of ['accepted', 'rejected', 'released', 'modified']) sender.once(outcome, (context) => resolve([outcome, context]));
    });
    const delivery = sender.send(message);
    const [outcome, context] = await settled;
    if (context.delivery !== delivery) fail('an outcome for another delivery');
    const error = delivery.remote_state && delivery.remote_state.error;
    say({ outcome, condition: error ? error.condition : undefined, raw: encoded.toString('hex') });
    for (const name of ['accepted', 'rejected', 'released', 'modified']) sender.removeAllListeners(name);
  }
  connection.close();
}

function receive() {
  const decode = rhea.message.decode; // the session hands it the whole message: keep the bytes
  rhea.message.decode = (data) => Object.assign(decode(data), { raw_bytes: Buffer.from(data) });
  let left = Number(count);
  const receiver = connection.open_receiver({ source: address, credit_window: 0, autoaccept: true });
  receiver.on('message', (context) => {
    const { raw_bytes: raw, ...decoded } = context.message;
    const plain = JSON.stringify(decoded, (_, value) => (value && value.type === 'Buffer' ? { $: 'binary', v: Buffer.from(value.data).toString('hex') } : value));
    say({ raw: raw.toString('hex'), decoded: plain.length < 100000 ? JSON.parse(plain) : null });
    if (--left === 0) setImmediate(() => connection.close());
  });
  receiver.add_credit(left);
}

container.on('connection_close', () => {});
if (verb === 'send') send().catch((error) => fail(String(error.stack || error)));
else if (verb === 'receive') receive();
else fail('usage: peer.js send|receive PORT ADDRESS [N]');
