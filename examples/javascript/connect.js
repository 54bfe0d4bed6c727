'use strict';
// Options for rhea out of VERA_URL.
const { URL } = require('url');

module.exports = function options(reconnect) {
  const url = new URL(process.env.VERA_URL || 'amqp://127.0.0.1:5672');
  // Without a user name rhea offers ANONYMOUS only when it is told a name for it.
  return { host: url.hostname, port: Number(url.port || 5672), username: 'anonymous', reconnect };
};
