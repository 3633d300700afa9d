/** A mail as it is handed to a mail server: one recipient, the same words as text and as HTML. */
export interface MailMessage {
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** Takes mails away. */
export interface MailTransport {
  /** @throws MailRefused, or whatever a broken connection throws */
  deliver(message: MailMessage, id: number, now: Date): Promise<void>;
  /** Removes what this transport keeps beyond its time. */
  tidy(now: Date): Promise<void>;
}

/** The mail was not taken. */
export class MailRefused extends Error {
  override readonly name = 'MailRefused';
  /** This very mail, and it will be so again: no such recipient. Otherwise the server as a whole: no other mail need be tried now. */
  readonly isFinal: boolean;

  constructor(message: string, options: { isFinal: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.isFinal = options.isFinal;
  }
}
