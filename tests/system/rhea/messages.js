// Request and reply with rhea. One JSON object a line on stdout; exit status 0 if all went as asked.
//   node messages.js ask PORT SYSTEM SECRET ADDRESS N     asks "hvad 0" … over a dynamic node → {"body", "sender", "node"}
//   node messages.js answer PORT SYSTEM SECRET ADDRESS N  answers N questions from there in capitals
'use strict';
const path = require('path');
const rhea = require(path.join(process.env.VERA_RHEA, 'node_modules', 'rhea'));

const [verb, port, username, password, address, count] = process.argv.slice(2);
const container = rhea.create_container();
const fail = (why) => { process.stderr.write(why + '\n'); process.exit(1); };
setTimeout(() => fail('deadline passed'), 50000).unref();

const connection = container.connect({ port: Number(port), host: '127.0.0.1', username, password, reconnect: false });
container.on('sender_error', (context) => fail('sender: ' + context.sender.error));
container.on('receiver_error', (context) => fail('receiver: ' + context.receiver.error));
container.on('rejected', (context) => fail('rejected: ' + JSON.stringify(context.delivery.remote_state.error)));
container.on('disconnected', (context) => { if (context.error) fail('disconnected: ' + context.error); });

function ask() {
  const sender = connection.open_sender({ target: {} }); // no address: each message says in `to` where it goes
  const receiver = connection.open_receiver({ source: { dynamic: true } });
  let asked = 0;
  const next = () => {
    if (asked === Number(count)) return connection.close();
    sender.send({ to: address, reply_to: receiver.source.address, correlation_id: String(asked), body: `hvad ${asked}` });
    asked += 1;
  };
  receiver.once('receiver_open', () => (sender.sendable() ? next() : sender.once('sendable', next)));
  receiver.on('message', ({ message }) => {
    if (message.correlation_id !== String(asked - 1)) fail('an answer to another question');
    process.stdout.write(JSON.stringify({ body: message.body, sender: message.message_annotations['x-opt-vera-sender'],
      node: receiver.source.address }) + '\n');
    next();
  });
}

function answer() {
  const sender = connection.open_sender({ target: {} });
  const receiver = connection.open_receiver({ source: address, credit_window: 0, autoaccept: false });
  let left = Number(count);
  sender.once('sendable', () => receiver.add_credit(left));
  receiver.on('message', ({ message, delivery }) => {
    sender.send({ to: message.reply_to, correlation_id: message.correlation_id, body: message.body.toUpperCase() });
    sender.once('accepted', () => {
      delivery.accept();
      if (--left === 0) setImmediate(() => connection.close());
    });
  });
}

if (verb === 'ask') ask();
else if (verb === 'answer') answer();
else fail('usage: messages.js ask|answer PORT SYSTEM SECRET ADDRESS N');
