// node_client.mjs undici|http.Agent URL CONNECTIONS [CA_FILE]: so many concurrent requests through one undici Agent or Node's
// own http.Agent, which leave as many idle connections. bench/memory/run reads its memory at each word it says, and answers
// with a line. Run by node --expose-gc in the folder that has node_modules.
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import readline from 'node:readline';

const [kind, url, count, caFile] = process.argv.slice(2);
if (!['undici', 'http.Agent'].includes(kind) || !(Number(count) > 0)) {
  console.error('usage: node_client.mjs undici|http.Agent URL CONNECTIONS [CA_FILE]');
  process.exit(2);
}
const connections = Number(count);
const ca = caFile ? fs.readFileSync(caFile) : undefined;

function undiciGet() {
  const { Agent, request } = createRequire(`${process.cwd()}/`)('undici');
  // Patient: the origin is one slow process, and nothing is to end while memory is read.
  const patience = { keepAliveTimeout: 600e3, headersTimeout: 0, bodyTimeout: 0, connect: { timeout: 600e3, ca } };
  const dispatcher = new Agent({ connections, pipelining: 1, ...patience });
  return async (target) => {
    const { statusCode, body } = await request(target, { dispatcher });
    if (statusCode !== 200) throw new Error(`status ${statusCode}`);
    await body.text();
  };
}

function nodeGet() {
  const { Agent, get } = url.startsWith('https:') ? https : http;
  const agent = new Agent({ keepAlive: true, maxFreeSockets: connections, ca });
  return (target) =>
    new Promise((resolve, reject) => {
      get(target, { agent }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
        response.resume().on('end', resolve).on('error', reject);
      }).on('error', reject);
    });
}

const get = kind === 'undici' ? undiciGet() : nodeGet();
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
async function say(word) {
  console.log(word);
  await lines.next();
}
const all = (target, n) => Promise.all(Array.from({ length: n }, () => get(url + target)));

await all('/now', 1);
globalThis.gc();
await say('ready');
await all('/hold', connections);
await say('idle');
globalThis.gc();
await say('collected');
process.exit(0);
