import type { MailSender } from '../config-types.ts';
import type { MailMessage } from './message.ts';

/** The parts of a mail for the mail library: text and HTML side by side, marked as written by a machine so that nobody's absence note answers it (RFC 3834 §5). */
export function mimeParts(message: MailMessage, from: MailSender, now: Date) {
  return {
    from,
    to: { name: '', address: message.to },
    subject: message.subject,
    text: message.text,
    html: message.html,
    date: now,
    headers: { 'Auto-Submitted': 'auto-generated' },
    // A mail is words of ours and nothing that has to be fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
