import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What README and documents tell people to type, and what becomes of each of it in the tests. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface DocumentedCommand {
  document: string;
  /** Which of the document's shell blocks it stands in, from 0. */
  block: number;
  /** Without its comment; a long one over several lines. */
  command: string;
}

/** Run by something else; `word` stands in that file. */
export const RUN_ELSEWHERE: Readonly<Record<string, { by: string; word: string }>> = {
  'npm ci': { by: '.ci/run', word: 'npm ci' },
  'npm test': { by: '.ci/run', word: 'npm test' },
  'npm run check': { by: '.ci/run', word: 'npm run check' },
  'npm run test:smoke': { by: '.github/workflows/test.yml', word: 'npm run test:smoke' },
  'npm run test:integration': { by: '.github/workflows/test.yml', word: 'npm run test:integration' },
  // Its projects are the gate's.
  'npm run test:unit': {
    by: 'package.json',
    word: 'vitest run --project unit --project contract --project integration',
  },
  'npm run test:e2e': { by: 'package.json', word: '--project integration --project e2e"' },
  'npm run test:long': { by: 'scripts/test-everything.ts', word: "'test:long'" },
  'npm run screenshots': { by: 'scripts/test-everything.ts', word: "'screenshots'" },
  'npm run soak -- --minutes 3 --devices 100': {
    by: 'test/long/soak.test.ts',
    word: `'--minutes', '3', '--devices', '100'`,
  },
  './scripts/make-secrets.sh .env.prod': { by: 'test/contract/deployment.test.ts', word: 'make-secrets.sh' },
  './scripts/deploy-prod.sh': { by: 'test/contract/deployment.test.ts', word: 'deploy-prod.sh' },
};

const DOCKER = 'needs Docker';
const SYSTEMD = 'needs systemd and an account of the system';
const ON_A_SERVER = 'changes the machine it is typed on';
const TAKES_LONG = 'takes longer than all other commands together';

/** Not run by any test: why. Whether it is sound shell, and names scripts and options that there are, is looked at all the same. */
export const NOT_RUN: Readonly<Record<string, string>> = {
  'npm run test:everything': 'runs the long tests, and so these commands',
  'npm run coverage': 'runs the gate’s tests once more',
  'npm run bench -- --full --write': TAKES_LONG,
  'npm run bench': `${TAKES_LONG}, and its figures mean something on a machine at rest only`,
  'npx deye-hard bench --json FILE': 'is npm run bench, started by the program',
  'npm run soak': TAKES_LONG,
  'npm run soak -- --json soak.json --docs': TAKES_LONG,
  'useradd --system --home-dir /var/lib/deye-hard --shell /usr/sbin/nologin deye-hard': ON_A_SERVER,
  'git clone https://github.com/bjoernh/pvinverterlink /opt/deye-hard && cd /opt/deye-hard': ON_A_SERVER,
  'cp deployment/deye-hard.service /etc/systemd/system/': SYSTEMD,
  'systemctl enable --now deye-hard': SYSTEMD,
  'journalctl -u deye-hard -f': SYSTEMD,
  'cd /opt/deye-hard && sudo -u deye-hard DATA_DIR=/var/lib/deye-hard npx deye-hard doctor': SYSTEMD,
  'docker volume create deye-hard': DOCKER,
  [`docker run -d --name deye-hard --init --restart unless-stopped --stop-timeout 30 \\
  -p 8000:8000 -p 10000:10000 -e BASE_URL=http://192.168.1.20:8000 \\
  -v deye-hard:/app/data ghcr.io/bjoernh/pvinverterlink:prod`]: DOCKER,
  'docker logs deye-hard': DOCKER,
  'docker exec deye-hard deye-hard doctor': DOCKER,
  'cd deployment': 'is for what follows it',
  'echo ACME_EMAIL=you@example.org > .env.traefik': DOCKER,
  'docker compose --env-file .env.traefik -f docker-compose.traefik.yml up -d': DOCKER,
  'cp env.example .env.prod && editor .env.prod': 'opens an editor',
  [`docker compose --env-file .env.prod -f docker-compose.prod.yml exec backend-prod \\
  deye-hard user create --email you@example.org --admin`]: DOCKER,
  'systemctl stop deye-hard': SYSTEMD,
  'systemctl start deye-hard': SYSTEMD,
  'git pull && npm ci': 'fetches a newer version',
  'cd /opt/deye-hard && npx deye-hard backup /var/backups/deye-hard/$(date +\\%u).backup --force': 'is cron’s',
};

const SHELL = /^(sh|bash|shell|console|zsh|)$/;

export const DOCUMENTS: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...['docs', 'docs/decisions', 'deployment'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).flatMap((name) => (name.endsWith('.md') ? [`${folder}/${name}`] : [])),
  ),
];

/** In the order of reading. */
export function documentedCommands(
  documents: readonly string[] = DOCUMENTS,
  read = (path: string): string => readFileSync(join(ROOT, path), 'utf8'),
): DocumentedCommand[] {
  return documents.flatMap((document) => {
    let block = -1;
    return [...read(document).matchAll(/^( *)```(\w*).*\n([\s\S]*?)^ *```/gm)].flatMap(
      ([, indent = '', language = '', text = '']) => {
        const isCron = language === 'cron';
        if (!isCron && !SHELL.test(language)) return [];
        block += 1;
        const lines = text.split('\n').map((line) => line.slice(indent.length));
        return commandsOf(isCron ? lines.map((line) => line.replace(/^(\S+ ){5} */, '')) : lines).map((command) => ({
          document,
          block,
          command,
        }));
      },
    );
  });
}

/** One that goes on, by a backslash or an open quotation mark, takes the next line too. */
function commandsOf(lines: readonly string[]): string[] {
  const commands: string[] = [];
  let begun = '';
  for (const line of lines) {
    const text = begun === '' ? line : `${begun}\n${line}`;
    const isOpen = ((text.match(/'/g) ?? []).length + (text.match(/"/g) ?? []).length) % 2 === 1 || text.endsWith('\\');
    begun = isOpen ? text : '';
    const command = text.replace(/(^|\s)# .*$/, '').trim();
    if (!isOpen && command !== '') commands.push(command);
  }
  if (begun !== '') commands.push(begun);
  return commands;
}

/** What `test/long/documented-commands.test.ts` runs: all but what is said above. */
export function isRunHere({ command }: DocumentedCommand): boolean {
  return RUN_ELSEWHERE[command] === undefined && NOT_RUN[command] === undefined;
}
