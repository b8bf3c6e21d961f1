import type { AddressInfo } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server';

/** A mail as its reader gets it. */
export interface Received {
  from: string;
  to: string[];
  mail: ParsedMail;
}

/** A real SMTP server of this process that keeps what it gets. */
export interface MailServer {
  url: string;
  received: Received[];
  /** Refusals to come, one a mail: the code and where. */
  refusals: { at: 'rcpt' | 'data'; code: number }[];
  /** Takes out the mails to an address, oldest first. */
  to(address: string): ParsedMail[];
  close(): Promise<void>;
}

export async function mailServer(): Promise<MailServer> {
  const received: Received[] = [];
  const refusals: MailServer['refusals'] = [];
  const refusal = (at: 'rcpt' | 'data') =>
    refusals[0]?.at === at
      ? Object.assign(new Error('<who@mail.com> is not welcome'), { responseCode: refusals.shift()?.code })
      : undefined;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: (_address, _session, callback) => callback(refusal('rcpt')),
    onData(stream: SMTPServerDataStream, { envelope }, callback) {
      simpleParser(stream).then((mail) => {
        const error = refusal('data');
        if (!error)
          received.push({
            from: envelope.mailFrom ? envelope.mailFrom.address : '',
            to: envelope.rcptTo.map(({ address }) => address),
            mail,
          });
        callback(error);
      }, callback);
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    received,
    refusals,
    to(address) {
      const found = received.filter(({ to }) => to.includes(address));
      for (const one of found) received.splice(received.indexOf(one), 1);
      return found.map(({ mail }) => mail);
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
