// What node_server.cpp runs: answers each request with its own x-request-id.
'use strict';
const fs = require('fs');
const http = require('http');

const [port, booksPath, keepAliveTimeout, hint, maxRequests, endAfter, work] =
    process.argv.slice(2).map((word) => (/^\d+$/.test(word) ? Number(word) : word));
// Appended to, and never buffered here: what was written survives a kill.
const books = fs.openSync(booksPath, 'a');

let draining = false;
const server = http.createServer((request, response) => {
    const id = request.headers['x-request-id'] || '-';
    fs.writeSync(books, `${request.method} ${id}\n`);
    request.resume();
    clearTimeout(request.socket.endTimer);
    setTimeout(() => {
        // Either takes the place of Node's own "Connection: keep-alive" and "Keep-Alive: timeout=N".
        if (draining) response.setHeader('Connection', 'close');
        else if (!hint) response.setHeader('Connection', 'keep-alive');
        response.setHeader('Content-Length', id.length);
        response.end(id);
    }, work);
    response.on('finish', () => {
        // Newer Nodes wait a second longer than keepAliveTimeout says.
        request.socket.setTimeout(keepAliveTimeout);
        if (endAfter) request.socket.endTimer = setTimeout(() => request.socket.end(), endAfter);
    });
});
server.keepAliveTimeout = keepAliveTimeout;
server.maxRequestsPerSocket = maxRequests;
server.listen(port, '127.0.0.1');

// server.close() waits for busy connections, and for those that never carried a request.
process.on('SIGTERM', () => {
    draining = true;
    server.close();
    setTimeout(() => server.closeAllConnections(), 1000).unref();
});
