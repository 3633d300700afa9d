import type { AddressInfo } from 'node:net';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface ReceivedMail {
  from: string;
  to: string[];
  /** Whether it came over an encrypted connection, and as whom. */
  secure: boolean;
  user: string | null;
  mail: Email;
}

/** A mail server that keeps what it is sent. */
export interface TestMailServer {
  port: number;
  received: ReceivedMail[];
  /** What was tried to sign in with. */
  signIns: { user: string; password: string; secure: boolean }[];
  close(): Promise<void>;
}

export const MAIL_USER = { username: 'roof', password: 'a mail password' };

/** Answers `550` to recipients that begin with `nobody`, and lets `MAIL_USER` sign in. */
export async function startMailServer(options: SMTPServerOptions = {}, port = 0): Promise<TestMailServer> {
  const received: ReceivedMail[] = [];
  const signIns: TestMailServer['signIns'] = [];
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    logger: false,
    onAuth(auth, session, done) {
      const username = auth.username ?? '';
      const password = auth.password ?? '';
      signIns.push({ user: username, password, secure: session.secure });
      const isRight = username === MAIL_USER.username && password === MAIL_USER.password;
      if (isRight) done(null, { user: username });
      else done(new Error('wrong'));
    },
    onRcptTo({ address }, _, done) {
      if (!address.startsWith('nobody')) return done();
      done(Object.assign(new Error(`<${address}> is not here`), { responseCode: 550 }));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        PostalMime.parse(Buffer.concat(chunks)).then((mail) => {
          received.push({
            from: mailFrom === false ? '' : mailFrom.address,
            to: rcptTo.map(({ address }) => address),
            secure: session.secure,
            user: typeof session.user === 'string' ? session.user : null,
            mail,
          });
          done();
        }, done);
      });
    },
    ...options,
  });
  server.on('error', () => undefined); // A client that hangs up; what came of it shows on the client's side.
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    received,
    signIns,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
