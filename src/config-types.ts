/** What single settings may be. */
export const ROLES = ['web', 'collector', 'worker'] as const;
export type Role = (typeof ROLES)[number];
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface VariableReport {
  name: string;
  meaning: string;
  /** As text, secrets masked; null when unset. */
  value: string | null;
  origin: 'environment' | 'file' | 'default';
  /** False where the default is a description ("host of BASE_URL") rather than a value. */
  literal: boolean;
}

/** Who mails come from. */
export interface MailSender {
  readonly name: string;
  readonly address: string;
}

/** How to reach the mail server. */
export interface SmtpSettings {
  readonly server: string;
  readonly port: number;
  /** From the first byte; by STARTTLS or not at all; by STARTTLS where it is offered; never. */
  readonly tls: 'implicit' | 'required' | 'offered' | 'never';
  readonly credentials: { readonly username: string; readonly password: string } | null;
  readonly validateCerts: boolean;
}

export interface MailSettings {
  /** Null: mails go to the log and the outbox folder. */
  readonly smtp: SmtpSettings | null;
  readonly from: MailSender;
}

/** So many within so long. */
export interface Limit {
  readonly count: number;
  readonly windowS: number;
}
