import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A mail as it came. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body, lines ended by "\n". */
  readonly data: string;
}

/** The text of a mail as a person reads it; its headers are left out. */
export function textOf({ data }: ReceivedMail): string {
  const [head = '', ...rest] = data.split('\n\n');
  const body = rest.join('\n\n');
  const encoding = /^content-transfer-encoding: (\S+)/im.exec(head)?.[1];
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  if (encoding !== 'quoted-printable') return body;
  const bytes = body.replaceAll('=\n', '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => `%${hex}`);
  return bytes.replace(/(?:%[0-9A-F]{2})+/g, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/** What stands in a header, put together again where it was folded; '': it is not there. */
export function headerOf({ data }: ReceivedMail, name: string): string {
  const [head = ''] = data.split('\n\n');
  const line = new RegExp(`^${name}: (.*)$`, 'im').exec(head.replace(/\n[ \t]+/g, ' '))?.[1] ?? '';
  return line.replace(/=\?UTF-8\?([QB])\?(.*?)\?=( (?==\?))?/gi, (_, kind: string, text: string) =>
    kind.toUpperCase() === 'B'
      ? Buffer.from(text, 'base64').toString('utf8')
      : decodeURIComponent(text.replaceAll('%', '%25').replaceAll('_', ' ').replaceAll('=', '%')),
  );
}

/** A mail server (RFC 5321, as much as a client needs) that keeps what it is sent. */
export class SmtpServer {
  readonly mails: ReceivedMail[] = [];
  /** Recipients that it does not know. */
  readonly unknown = new Set<string>();
  /** Takes connections and never says anything. */
  silent = false;
  /** Keeps a mail and breaks the connection off before it says so. */
  breaksOff = false;
  readonly #server: Server = createServer((socket) => this.#serve(socket));
  readonly #sockets = new Set<Socket>();

  /** On a port of its own, or on a given one. */
  async start(port = 0): Promise<number> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    let [from, to, text]: [string, string[], string] = ['', [], ''];
    let inData = false;
    const say = (line: string) => socket.write(`${line}\r\n`);
    if (this.silent) return;
    say('220 test');
    socket.on('data', (bytes) => {
      text += bytes.toString('utf8');
      for (;;) {
        const end = inData ? '\r\n.\r\n' : '\r\n';
        const at = text.indexOf(end);
        if (at < 0) return;
        const line = text.slice(0, at);
        text = text.slice(at + end.length);
        const address = /<([^>]*)>/.exec(line)?.[1] ?? '';
        if (inData) {
          inData = false;
          this.mails.push({ from, to, data: line.replaceAll('\r\n', '\n').replaceAll('\n..', '\n.') });
          if (this.breaksOff) socket.destroy();
          else say('250 kept');
        } else if (/^(EHLO|HELO) /i.test(line)) say('250 test');
        else if (/^MAIL /i.test(line)) {
          [from, to] = [address, []];
          say('250 ok');
        } else if (/^RCPT /i.test(line)) {
          if (this.unknown.has(address)) say(`550 <${address}> nobody here`);
          else {
            to.push(address);
            say('250 ok');
          }
        } else if (/^DATA/i.test(line)) {
          inData = true;
          say('354 go on');
        } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
        else say('502 no');
      }
    });
  }
}
