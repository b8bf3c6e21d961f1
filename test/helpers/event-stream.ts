import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';

/** An event as it was sent; its data parsed. */
export interface Told<Data> {
  id: string;
  event: string;
  data: Data;
}

/** A client of a stream of Server-Sent Events, over a connection of its own. */
export async function listenTo<Data>(url: string, token: string, headers: Record<string, string> = {}) {
  const request = http.get(url, { agent: false, headers: { authorization: `Bearer ${token}`, ...headers } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.setEncoding('utf8').on('error', () => {}); // stop() breaks the connection
  const chunks = response[Symbol.asyncIterator]();
  let text = '';
  return {
    status: response.statusCode,
    headers: response.headers,
    stop: () => request.destroy(),
    /** The next event; undefined at the end of the stream. */
    async next(): Promise<Told<Data> | undefined> {
      for (;;) {
        const end = text.indexOf('\n\n');
        if (end < 0) {
          const { done, value } = await chunks.next();
          if (done) return undefined;
          text += value;
          continue;
        }
        const lines = text.slice(0, end).split('\n');
        text = text.slice(end + 2);
        const field = (name: string) =>
          lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        const data = field('data');
        if (data) return { id: field('id') ?? '', event: field('event') ?? '', data: JSON.parse(data) };
      }
    },
  };
}
