'use strict';
// Publishes one event: node publish.js KUVERT.json
const { randomUUID } = require('crypto');
const fs = require('fs');
const container = require('rhea');
const options = require('./connect');

if (process.argv.length !== 3) {
  console.error('usage: publish.js KUVERT.json');
  process.exit(2);
}
const kuvert = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
// Each event has an id of its own; the same id again means the same event again.
kuvert.BeskedId = { UUIDIdentifikator: randomUUID() };
let body = Buffer.from(JSON.stringify(kuvert));

container.on('sendable', (context) => {
  if (body === undefined) return;
  context.sender.send({
    content_type: 'application/json',
    durable: true,
    body: container.message.data_section(body),
  });
  body = undefined;
});
container.on('accepted', (context) => {
  console.log('accepted'); // on disk at every subscriber
  context.connection.close();
});
container.on('rejected', (context) => {
  const why = context.delivery.remote_state.error || {};
  console.error(`rejected ${why.condition}: ${why.description}`);
  process.exitCode = 1;
  context.connection.close();
});
// Released and modified: not taken now. Send it again with the same BeskedId.
for (const state of ['released', 'modified']) {
  container.on(state, (context) => {
    console.error(`${state}: try again`);
    process.exitCode = 1;
    context.connection.close();
  });
}
container.on('sender_error', (context) => {
  console.error(String(context.sender.error));
  process.exitCode = 1;
  context.connection.close();
});
container.on('disconnected', (context) => {
  if (context.error) console.error(String(context.error));
  if (body !== undefined || context.error) process.exitCode = 1;
});

container.connect(options(false)).open_sender('events');
