// The real npm client, driven line by line: reads {service, action, args} or {set, value}, answers {value} or {error}. Objects with an objectType become the
// client's own.
console.log = () => {};   // the client's own talk
const readline = require('readline');
const kaltura = require('kaltura-client');

const config = new kaltura.Configuration();
config.serviceUrl = process.argv[2];
const client = new kaltura.Client(config);

function ofClient(value) {
  if (Array.isArray(value)) return value.map(ofClient);
  if (value === null || typeof value !== 'object') return value;
  const own = Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'objectType').map(([name, inner]) => [name, ofClient(inner)]));
  return value.objectType ? new kaltura.objects[value.objectType](own) : own;
}

async function answer(line) {
  const { service, action, args, set, value } = JSON.parse(line);
  if (set) {
    client['set' + set](value);
    return { value: null };
  }

  try {
    const result = await kaltura.services[service][action](...args.map(ofClient)).execute(client);
    return { value: result === undefined ? null : result };
  } catch (error) {
    return { error: { code: error.code || '', message: error.message || String(error) } };
  }
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answer(line)) + '\n');
  }
})();
