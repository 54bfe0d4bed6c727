// Reads AsyncAPI documents with the official parser: node check.js HOME FILE...
// HOME is the folder that has node_modules. Examples are checked against their payload's JSON Schema too, which the parser does not do for
// AsyncAPI 3. Prints what is wrong; exit code 1 if there is anything, or if a document has no operations, messages or examples.
'use strict';
const fs = require('fs');
const path = require('path');

const [home, ...files] = process.argv.slice(2);
const from = (name) => require(path.join(home, 'node_modules', name));
const { Parser } = from('@asyncapi/parser');
const Ajv = from('ajv'); // the parser's own
const formats = from('ajv-formats');

// The document as it was written: its JSON Schemas, by their place in it.
function wrongExamples(document) {
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats(ajv);
  ajv.addSchema({ $id: 'vera', components: document.components });
  const wrong = [];
  let count = 0;
  for (const [name, message] of Object.entries(document.components.messages)) {
    for (const example of message.examples || []) {
      count++;
      const place = 'vera#/components/messages/' + name.replace(/~/g, '~0').replace(/\//g, '~1') + '/payload';
      const validate = ajv.getSchema(place);
      if (!validate(example.payload)) wrong.push(...validate.errors.map((one) => `${name}: example${one.instancePath}: ${one.message}`));
    }
  }
  return { count, wrong };
}

(async () => {
  let failed = false;
  for (const file of files) {
    const { document, diagnostics } = await new Parser().parse(fs.readFileSync(file, 'utf8'));
    const wrong = diagnostics.filter((one) => one.severity === 0).map((one) => `${one.path.join('/')}: ${one.message}`);
    let found = [0];
    if (document) found = [document.channels().all().length, document.operations().all().length, document.messages().all().length];
    if (file.endsWith('.json')) {
      const examples = wrongExamples(JSON.parse(fs.readFileSync(file, 'utf8')));
      wrong.push(...examples.wrong);
      found.push(examples.count);
    }
    wrong.slice(0, 20).forEach((one) => console.log(`${file}: ${one}`));
    console.log(`${file}: ${found.join(', ')} channels, operations, messages, examples`);
    if (wrong.length > 0 || found.includes(0)) failed = true;
  }
  process.exit(failed ? 1 : 0);
})();
