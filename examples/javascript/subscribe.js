'use strict';
// Receives the events of a subscription: node subscribe.js SUBSCRIPTION [COUNT]
const container = require('rhea');
const options = require('./connect');

const [, , subscription, count] = process.argv;
if (subscription === undefined) {
  console.error('usage: subscribe.js SUBSCRIPTION [COUNT]');
  process.exit(2);
}
let left = count === undefined ? Infinity : Number(count);

container.on('message', (context) => {
  const { message, delivery } = context;
  if (left === 0) {
    delivery.release();
    return;
  }
  const annotations = message.message_annotations || {};
  const bytes = message.body.content === undefined ? message.body : message.body.content;
  let what = `${message.content_type}, ${bytes.length} bytes`;
  if (message.content_type === 'application/json') {
    const kuvert = JSON.parse(bytes.toString());
    what = (kuvert.Beskeddata || []).map((data) => data['@type']).join(', ');
  }
  console.log(`event ${annotations['x-opt-vera-sequence']}: ${what}`);
  // Do the work here. If it cannot be done now: delivery.modified({ delivery_failed: true }), and the event comes again after a while; if
  // never: delivery.reject({ condition: 'vera:dead-letter', description: 'why' }), and it becomes a dead letter.
  delivery.accept();
  left -= 1;
  if (left === 0) context.connection.close();
});
container.on('receiver_error', (context) => {
  console.error(String(context.receiver.error));
  process.exitCode = 1;
  context.connection.close();
});

// autoaccept off: an event is accepted when its work is done.
container.connect(options(true)).open_receiver({ source: `sub/${subscription}`, autoaccept: false, credit_window: 10 });
