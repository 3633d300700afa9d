/**
 * Fails when a tracked file holds what looks like a secret that works somewhere: keys with a form of their own, and long random text that is
 * given to a name such as `password` or `token`. What is public by purpose stands in the list below, with its reason.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Finding {
  line: number;
  what: string;
  text: string;
}

const FORMS: Readonly<Record<string, RegExp>> = {
  'a private key': /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/g,
  'an AWS key': /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  'a GitHub token': /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})\b/g,
  'an npm token': /\bnpm_[A-Za-z0-9]{36}\b/g,
  'a Slack token': /\bxox[abprs]-[A-Za-z0-9-]{10,}/g,
  'a Google key': /\bAIza[0-9A-Za-z_-]{35}\b/g,
  'a JSON web token': /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}/g,
  'a password in an address': /\b[a-z][a-z+]*:\/\/[^\s:/@$'"`{}]+:([^\s@/$'"`{}<>…*]+)@/g,
  'a Fernet key': /(?<![A-Za-z0-9+/_=-])[A-Za-z0-9_-]{43}=(?![A-Za-z0-9+/_=-])/g,
  'a random value for a secret':
    /(?:password|passwd|secret|token|api_?key|private_?key)["']?\s*[:=]\s*["'`]?(?=[a-z+/_=-]*\d)([A-Za-z0-9+/_=-]{24,})/gi,
};

/** Where and what it begins with: public on purpose. */
export const ALLOWED: readonly { path: RegExp; text: RegExp; because: string }[] = [
  {
    path: /^(test\/|bench\/|src\/.*\.test\.tsx?$)/,
    text: /^[a-z][a-z+]*:\/\/|^eyJ/,
    because: 'addresses and tokens of servers that exist for a test, or of none',
  },
  {
    path: /^(test\/|src\/(config-variables|crypto\/.*)|src\/.*\.test\.tsx?$)/,
    text: /=$/,
    because: 'published examples that are refused, the vectors of the Fernet specification, keys of tests',
  },
  {
    path: /^(test\/|src\/.*\.test\.tsx?$)/,
    text: /^(password|secret|token|api_?key)/i,
    because: 'secrets of tests',
  },
  {
    path: /^(\.github\/workflows\/test\.yml|docs\/.*\.md|\.env\.example|src\/.*)$/,
    text: /:\/\/(postgres|user|USER|reader|deye_hard|backup):(only-for-this-run|password|PASSWORD|pass|\*+|…)@/,
    because: 'the database of a test run; placeholders',
  },
];

/** What looks like a secret in a file of this name. */
export function findSecrets(path: string, content: string): Finding[] {
  const findings: Finding[] = [];
  for (const [what, form] of Object.entries(FORMS)) {
    for (const match of content.matchAll(form)) {
      const [text] = match;
      const isAllowed = ALLOWED.some((each) => each.path.test(path) && each.text.test(text));
      if (!isAllowed) findings.push({ line: content.slice(0, match.index).split('\n').length, what, text });
    }
  }
  return findings;
}

function scanRepository(): number {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean);
  let found = 0;
  for (const path of files) {
    if (path === 'package-lock.json') continue;
    let content: Buffer;
    try {
      content = readFileSync(`${root}${path}`);
    } catch (error) {
      // Removed and not yet committed.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw error;
    }
    // Pictures and fonts.
    if (content.includes(0)) continue;
    for (const { line, what, text } of findSecrets(path, content.toString('utf8'))) {
      found++;
      console.error(`${path}:${line}: looks like ${what}: ${text.slice(0, 12)}…`);
    }
  }
  console.log(`${files.length} tracked files, ${found} that look like a secret`);
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = scanRepository() > 0 ? 1 : 0;
