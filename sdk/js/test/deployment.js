// A deployment that answers what a test tells it to, and remembers what it was asked.
import { createServer } from 'node:http';
import { after } from 'node:test';

export async function deployment(...answers) {
  const asked = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      asked.push({
        line: `${request.method} ${request.url}`,
        authorization: request.headers.authorization,
        body: text === '' ? undefined : JSON.parse(text),
      });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer === 'silence') return;
      if (answer === 'cut') return request.socket.destroy();
      response.writeHead(answer.status ?? 200, answer.headers ?? {});
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {}));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { baseUrl: `http://127.0.0.1:${server.address().port}`, asked };
}

export function problem(status, code, more = {}) {
  return { status, body: { type: 'about:blank', title: '', status, code, detail: `it is ${code}`, ...more } };
}
