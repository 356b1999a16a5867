// node_client.mjs undici|http.Agent|agentkeepalive URL CONNECTIONS REQUESTS [CA_FILE]: Node.js's clients. Run in the folder
// that has node_modules.
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';

const installed = createRequire(`${process.cwd()}/`);
const [kind, url, ...rest] = process.argv.slice(2);
const kinds = ['undici', 'http.Agent', 'agentkeepalive'];

if (kind === '--version') {
  console.log(`Node.js ${process.versions.node}`);
  for (const name of ['undici', 'agentkeepalive']) console.log(`${name} ${installed(`${name}/package.json`).version}`);
  process.exit(0);
}
if (!kinds.includes(kind) || rest.length < 2 || rest.length > 3) {
  console.error(`usage: node_client.mjs ${kinds.join('|')} URL CONNECTIONS REQUESTS [CA_FILE]`);
  process.exit(2);
}
const [connections, requests] = rest.slice(0, 2).map(Number);
const ca = rest[2] ? fs.readFileSync(rest[2]) : undefined;
const target = new URL(url);
const size = Number(target.pathname.slice(1));

function check(status, length) {
  if (status !== 200 || length !== size) throw new Error(`status ${status}, a body of ${length} bytes`);
}

function undiciGet() {
  const pool = new (installed('undici').Pool)(target.origin, { connections, pipelining: 1, connect: { ca } });
  return async () => {
    const { statusCode, body } = await pool.request({ path: target.pathname, method: 'GET' });
    check(statusCode, (await body.arrayBuffer()).byteLength);
  };
}

function nodeGet(agent) {
  const { get } = target.protocol === 'https:' ? https : http;
  return () =>
    new Promise((resolve, reject) => {
      get(url, { agent }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          try {
            check(response.statusCode, Buffer.concat(chunks).length);
            resolve();
          } catch (error) {
            reject(error);
          }
        });
      }).on('error', reject);
    });
}

function makeGet() {
  const tls = target.protocol === 'https:';
  const options = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections, ca };
  if (kind === 'undici') return undiciGet();
  if (kind === 'http.Agent') return nodeGet(new (tls ? https : http).Agent(options));
  const { HttpAgent, HttpsAgent } = installed('agentkeepalive');
  return nodeGet(new (tls ? HttpsAgent : HttpAgent)(options));
}

const get = makeGet();
async function getAll(n, begun = () => true) {
  let left = n;
  const work = async () => {
    while (left-- > 0 || !begun()) await get();
  };
  await Promise.all(Array.from({ length: connections }, work));
}

// A second of CPU at least, for V8 to compile what is hot.
await getAll(Math.max(connections, requests / 20), () => process.cpuUsage().user > 1e6);
const before = process.resourceUsage();
const began = performance.now();
await getAll(requests);
const seconds = (performance.now() - began) / 1e3;
const after = process.resourceUsage();
console.log(
  JSON.stringify({
    user_us: (after.userCPUTime - before.userCPUTime) / requests,
    system_us: (after.systemCPUTime - before.systemCPUTime) / requests,
    rate: requests / seconds,
    peak_kib: Number(/VmHWM:\s*(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]),
  }),
);
process.exit(0);
