import { reencryptor } from '../crypto/reencrypt.ts';
import { resealAll } from '../store/two-factor.ts';
import { explain, type InstallationContext, runAction, withDatabase } from './context.ts';

const ROTATE = {
  usage: 'deye-hard secrets rotate [--json]',
  help: `Encrypts again, with the first key of ENCRYPTION_KEY, whatever was encrypted with any of them: the seeds of second factors and
the mails that wait. To exchange a key: put the new one in front (ENCRYPTION_KEY=new,old), restart, run this, take the old one out,
restart. With the embedded database the keys are in DATA_DIR/secrets/encryption_key, separated by commas too.`,
  options: [],
  flags: [],
} as const;

/** `deye-hard secrets …`. Exit codes: 0 done, 1 failed, 2 wrong usage. */
export async function secrets(args: string[], context: InstallationContext): Promise<number> {
  const [action, ...rest] = args;
  if (action !== 'rotate') return explain(args, [ROTATE.usage], context);
  return runAction(ROTATE, rest, context, async ({ json }) => {
    const done = await withDatabase(context, ({ owner, encryptionKeys }) =>
      owner((client) => resealAll(client, reencryptor(encryptionKeys, new Date()))),
    );
    if (json) context.out(JSON.stringify(done));
    else {
      const { seeds, mails, unreadable } = done;
      context.out(`Encrypted again with the first key: ${seeds} seeds of second factors, ${mails} waiting mails.`);
      if (unreadable > 0) context.out(`${unreadable} could not be read with any key and were left as they are.`);
    }
  });
}
