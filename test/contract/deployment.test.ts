import { execFile } from 'node:child_process';
import { chmod, cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { loadConfig } from '../../src/config.ts';

/** No Docker engine runs the tests: what can be said of these files without one is said here. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DEPLOYMENT = join(ROOT, 'deployment');
const ENVIRONMENTS = ['prod', 'staging', 'test'] as const;

const readYaml = async (path: string): Promise<unknown> =>
  parse(await readFile(join(ROOT, path), 'utf8'), { merge: true });
const text = z.union([z.string(), z.number(), z.boolean()]);

/** Of the Compose specification what is used here; an unknown word is more likely a slip than a wish. */
const healthcheck = z.strictObject({
  test: z.array(z.string()).min(2),
  interval: z.string(),
  timeout: z.string(),
  retries: z.number(),
  start_period: z.string().optional(),
});
const service = z.strictObject({
  image: z.string().optional(),
  build: z.strictObject({ context: z.string(), target: z.enum(['development', 'production']) }).optional(),
  pull_policy: z.literal('always').optional(),
  restart: z.literal('unless-stopped').optional(),
  init: z.boolean().optional(),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()).optional(),
  cap_add: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  stop_grace_period: z.string().optional(),
  shm_size: z.string().optional(),
  command: z.array(z.string()).optional(),
  profiles: z.array(z.string()).optional(),
  env_file: z.array(z.string()).optional(),
  environment: z.record(z.string(), text).optional(),
  ports: z.array(z.string().regex(/^([\d.]+:)?\d+:\d+$/)).optional(),
  volumes: z.array(z.string()).optional(),
  networks: z
    .union([z.array(z.string()), z.record(z.string(), z.strictObject({ ipv4_address: z.string() }))])
    .optional(),
  ulimits: z.strictObject({ nofile: z.number() }).optional(),
  deploy: z
    .strictObject({
      resources: z.strictObject({
        limits: z.strictObject({ cpus: z.string(), memory: z.string().regex(/^\d+[mg]$/) }),
      }),
    })
    .optional(),
  labels: z.record(z.string(), z.string()).optional(),
  logging: z.strictObject({ driver: z.string(), options: z.record(z.string(), z.string()) }).optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.literal('service_healthy') })).optional(),
  healthcheck: healthcheck.optional(),
});
const composeFile = z
  .object({
    name: z.string(),
    services: z.record(z.string(), service),
    networks: z
      .record(
        z.string(),
        z
          .strictObject({ name: z.string(), external: z.literal(true).optional(), ipam: z.unknown().optional() })
          .nullable(),
      )
      .default({}),
    volumes: z.record(z.string(), z.null()).default({}),
  })
  .catchall(z.unknown())
  .refine((file) => Object.keys(file).every((key) => /^(name|services|networks|volumes|x-[a-z]+)$/.test(key)));
type ComposeFile = z.infer<typeof composeFile>;

const COMPOSE_FILES = [
  'docker-compose.yml',
  'deployment/docker-compose.traefik.yml',
  ...ENVIRONMENTS.map((environment) => `deployment/docker-compose.${environment}.yml`),
];
const readCompose = async (path: string): Promise<ComposeFile> => composeFile.parse(await readYaml(path));

const namesOf = (list: ComposeFile['services'][string]['networks']): string[] =>
  Array.isArray(list) ? list : Object.keys(list ?? {});

describe.each(COMPOSE_FILES)('%s', (path) => {
  it('has a sound form, and names nothing that it does not define', async () => {
    const file = await readCompose(path);
    for (const [name, { networks, volumes = [], depends_on = {} }] of Object.entries(file.services)) {
      expect(Object.keys(file.networks), name).toEqual(expect.arrayContaining(namesOf(networks)));
      expect(Object.keys(file.services), name).toEqual(expect.arrayContaining(Object.keys(depends_on)));
      for (const dependency of Object.keys(depends_on)) expect(file.services[dependency]).toHaveProperty('healthcheck');
      const sources = volumes.map((volume) => volume.split(':', 1)[0] ?? '');
      expect(Object.keys(file.volumes), name).toEqual(expect.arrayContaining(sources.filter((s) => /^\w/.test(s))));
    }
  });

  it('names every foreign image by its exact version', async () => {
    const images = Object.values((await readCompose(path)).services).flatMap(({ image }) => image ?? []);
    for (const image of images.filter((each) => !each.startsWith('${IMAGE'))) {
      expect(image).toMatch(/^(timescale\/timescaledb:\d+\.\d+\.\d+-pg\d+|traefik:v\d+\.\d+\.\d+)$/);
    }
  });

  it('has no secret in it, and does not start without them', async () => {
    const written = await readFile(join(ROOT, path), 'utf8');
    const secrets = [...written.matchAll(/^ *(POSTGRES_PASSWORD|AUTH_SECRET|ENCRYPTION_KEY): *(.*)/gm)];
    expect(secrets.length).toBe(path.includes('traefik') ? 0 : 3);
    for (const [, name, value] of secrets) expect(value).toMatch(new RegExp(`^\\$\\{${name}:\\?`));
    expect(written).not.toMatch(/:\/\/[^$\s]*:[^$\s]+@/);
  });
});

describe.each(ENVIRONMENTS)('deployment/docker-compose.%s.yml', (environment) => {
  const path = `deployment/docker-compose.${environment}.yml`;

  it('limits every service, keeps the database inside, and runs the program without rights', async () => {
    const { services } = await readCompose(path);
    expect(Object.keys(services).sort()).toEqual(
      ['backend', 'collector', 'db'].map((name) => `${name}-${environment}`),
    );
    for (const [name, each] of Object.entries(services)) {
      expect(each.deploy, name).toBeDefined();
      expect(each.ports, name).toBeUndefined();
    }
    expect(namesOf(services[`db-${environment}`]?.networks)).toEqual(['internal']);
    for (const name of [`backend-${environment}`, `collector-${environment}`]) {
      expect(services[name]).toMatchObject({ read_only: true, cap_drop: ['ALL'], init: true });
    }
  });

  it('sets what the program understands: each role once, behind Traefik over https', async () => {
    const { services } = await readCompose(path);
    const secrets: Record<string, string> = {
      POSTGRES_PASSWORD: 'x',
      AUTH_SECRET: 'a'.repeat(40),
      ENCRYPTION_KEY: `${'A'.repeat(43)}=`,
      DOMAIN: 'solar.example.org',
    };
    const roles: string[] = [];
    for (const name of [`backend-${environment}`, `collector-${environment}`]) {
      const env = Object.entries(services[name]?.environment ?? {}).map(([key, value]) => [
        key,
        String(value).replaceAll(/\$\{(\w+)[^}]*\}/g, (_, variable: string) => secrets[variable] ?? ''),
      ]);
      const config = loadConfig({ METRICS_PORT: '9464', ...Object.fromEntries(env) }, '/nonexistent');
      roles.push(...config.roles);
      expect(config).toMatchObject({ cookieSecure: true, trustProxy: '172.30.84.2', metrics: { host: '0.0.0.0' } });
      expect(config.collector.proxyProtocol).toBe(config.roles.has('collector'));
      expect(new URL(config.databaseUrl ?? '').hostname).toBe(`db-${environment}`);
    }
    expect(roles.sort()).toEqual(['collector', 'web', 'worker']);
  });

  it('is reached by what Traefik has: its network, its entry points, its certificates, its way to tell addresses', async () => {
    const { services } = await readCompose(path);
    const traefik = await readCompose('deployment/docker-compose.traefik.yml');
    const command = traefik.services['traefik']?.command?.join('\n') ?? '';
    const dynamic = await readFile(join(DEPLOYMENT, 'traefik/dynamic.yml'), 'utf8');
    for (const { labels = {} } of Object.values(services)) {
      for (const [key, value] of Object.entries(labels)) {
        if (key.endsWith('.entrypoints')) {
          const port = new RegExp(`--entrypoints\\.${value}\\.address=:(\\d+)`).exec(command)?.[1];
          expect(traefik.services['traefik']?.ports, value).toContain(`${port}:${port}`);
        }
        if (key.endsWith('.certresolver')) expect(command).toContain(`--certificatesresolvers.${value}.`);
        if (key.endsWith('.serverstransport')) expect(dynamic).toContain(`${value.replace('@file', '')}:`);
        if (key === 'traefik.docker.network') expect(traefik.networks['edge']?.name).toBe(value);
      }
    }
    const edge = services[`backend-${environment}`]?.environment?.['TRUST_PROXY'];
    expect(traefik.services['traefik']?.networks).toEqual({ edge: { ipv4_address: edge } });
  });
});

describe('.github/workflows', () => {
  const step = z.union([
    z.strictObject({
      id: z.string().optional(),
      name: z.string().optional(),
      uses: z.string(),
      with: z.record(z.string(), text).optional(),
    }),
    z.strictObject({ name: z.string().optional(), run: z.string(), env: z.record(z.string(), text).optional() }),
  ]);
  const job = z.strictObject({
    'runs-on': z.string().optional(),
    'timeout-minutes': z.number().optional(),
    needs: z.union([z.string(), z.array(z.string())]).optional(),
    uses: z.string().optional(),
    permissions: z.record(z.string(), z.enum(['read', 'write'])).optional(),
    strategy: z.object({ matrix: z.record(z.string(), z.array(text)) }).optional(),
    services: z.record(z.string(), z.object({ image: z.string() })).optional(),
    steps: z.array(step).optional(),
  });
  const workflow = z.strictObject({
    name: z.string(),
    on: z.record(z.string(), z.unknown()),
    permissions: z.record(z.string(), z.literal('read')),
    concurrency: z.unknown().optional(),
    jobs: z.record(z.string(), job),
  });
  const readWorkflow = async (name: string) => workflow.parse(await readYaml(`.github/workflows/${name}`));

  it('are sound, with the least rights and actions of a named version', async () => {
    for (const name of await readdir(join(ROOT, '.github/workflows'))) {
      const { jobs } = await readWorkflow(name);
      for (const { steps = [], 'timeout-minutes': minutes, uses } of Object.values(jobs)) {
        expect(uses ?? minutes, name).toBeDefined();
        // What somebody typed must not become part of a command.
        for (const each of steps) {
          if ('uses' in each) expect(each.uses).toMatch(/^[\w-]+\/[\w-]+@v\d+$/);
          else expect(each.run).not.toContain('${{');
        }
      }
    }
  });

  it('try every Node that is promised on every engine, by commands that exist', async () => {
    const { jobs } = await readWorkflow('test.yml');
    const scripts = (JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }).scripts;
    for (const { strategy, steps = [] } of Object.values(jobs)) {
      expect(strategy?.matrix['node']).toEqual([20, 22, 24]);
      const runs = steps.flatMap((each) => ('run' in each ? each.run : []));
      const named = runs.flatMap((run) => /^npm run ([\w:-]+)$/.exec(run)?.[1] ?? []);
      for (const name of named) expect(scripts).toHaveProperty([name]);
    }
    const images = Object.values(jobs).flatMap(({ services = {} }) => Object.values(services).map((s) => s.image));
    const { services } = await readCompose('deployment/docker-compose.prod.yml');
    expect(images).toContain(services['db-prod']?.image);
  });

  it('push an image only after the tests, under the tags that are documented', async () => {
    const { jobs, on } = await readWorkflow('image.yml');
    expect(jobs['test']?.uses).toBe('./.github/workflows/test.yml');
    expect(jobs['image']?.needs).toBe('test');
    expect(on).toMatchObject({ workflow_dispatch: { inputs: { environment: {}, tag: {} } } });
    const meta = jobs['image']?.steps?.find((each) => 'id' in each && each.id === 'meta');
    const tags = z
      .object({ with: z.object({ tags: z.string() }) })
      .parse(meta)
      .with.tags.trim()
      .split('\n');
    const typed = (input: string): string => `\${{ inputs.${input} }}`;
    expect(tags.map((tag) => tag.split(',enable', 1)[0])).toEqual([
      'type=sha',
      'type=ref,event=branch',
      'type=raw,value=latest',
      'type=raw,value=test',
      'type=semver,pattern=v{{version}}',
      'type=semver,pattern=v{{major}}.{{minor}}',
      'type=semver,pattern=v{{major}}',
      'type=raw,value=prod',
      `type=raw,value=${typed('environment')}`,
      `type=raw,value=${typed('tag')}`,
    ]);
  });
});

describe('Dockerfile', () => {
  it('copies only what is there and what .dockerignore lets through, and ends as nobody special', async () => {
    const lines = (await readFile(join(ROOT, 'Dockerfile'), 'utf8')).split('\n');
    const ignore = (await readFile(join(ROOT, '.dockerignore'), 'utf8')).split('\n');
    const copied = lines
      .filter((line) => /^COPY (?!--from)/.test(line))
      .flatMap((line) => line.split(/\s+/).slice(1, -1))
      .filter((path) => !path.startsWith('--'));
    for (const path of copied) {
      await stat(join(ROOT, path));
      expect(ignore).toContain(`!${path}`);
    }
    expect(lines.filter((line) => line.startsWith('USER ')).at(-1)).toBe('USER node');
    expect(lines.some((line) => line.startsWith('HEALTHCHECK '))).toBe(true);
  });
});

/** A `docker` that notes how it was called, and plays a server that runs. */
const FAKE_DOCKER = `#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$CALLS"
case "$*" in
  *'ps --status running'*) echo some-container ;;
  *' cp '*) for last; do :; done; echo backup >"$last" ;;
  *' run --rm'*) cat >"$CALLS.input"; exit "\${FAIL_RUN:-0}" ;;
esac
`;

describe('deployment/scripts', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'deye-hard-deployment-'));
    await cp(DEPLOYMENT, join(folder, 'deployment'), { recursive: true });
    await writeFile(join(folder, 'docker'), FAKE_DOCKER);
    await writeFile(join(folder, 'curl'), '#!/bin/sh\nexit 0\n');
    for (const name of ['docker', 'curl']) await chmod(join(folder, name), 0o755);
    await writeFile(join(folder, 'deployment/.env.prod'), 'DOMAIN=solar.example.org\n');
    await run('make-secrets.sh', join(folder, 'deployment/.env.prod'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function run(script: string, ...args: string[]): Promise<string[]> {
    return runWith({}, script, ...args);
  }
  /** @returns the calls of `docker`, without what every one of them has */
  async function runWith(env: Record<string, string>, script: string, ...args: string[]): Promise<string[]> {
    const calls = join(folder, 'calls');
    await writeFile(calls, '');
    const PATH = `${folder}:${process.env['PATH'] ?? ''}`;
    await promisify(execFile)('bash', [join(folder, 'deployment/scripts', script), ...args], {
      env: { PATH, CALLS: calls, YES: '1', ...env },
    });
    return readCalls();
  }
  async function readCalls(): Promise<string[]> {
    const lines = (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');
    return lines.map((line) => line.replace(/^compose --env-file \S+ -f \S+ /, ''));
  }

  it('make-secrets.sh makes secrets that the program takes, once, readable by their owner alone', async () => {
    const path = join(folder, 'deployment/.env.prod');
    const before = await readFile(path, 'utf8');
    await run('make-secrets.sh', path);
    expect(await readFile(path, 'utf8')).toBe(before);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const config = loadConfig({ ENV_FILE: path }, folder);
    expect([config.authSecret, config.encryptionKeys]).not.toContain(null);
    expect(before).toMatch(/^POSTGRES_PASSWORD=[0-9a-f]{48}$/m);
  });

  it('deploy-prod.sh backs up first, waits for health, and asks the doctor', async () => {
    const calls = await run('deploy-prod.sh');
    const order = ['pull', 'deye-hard backup', 'up --detach --wait', 'deye-hard doctor'];
    const at = order.map((part) => calls.findIndex((call) => call.includes(part)));
    expect(at).not.toContain(-1);
    expect(at).toEqual([...at].sort((a, b) => a - b));
  });

  it('backup.sh leaves a whole file under its name, for its owner alone, and only the newest', async () => {
    const backups = join(folder, 'deployment/backups/prod');
    await rm(backups, { recursive: true, force: true });
    await run('backup.sh', 'prod');
    for (const day of ['01', '02', '03']) await writeFile(join(backups, `2026-01-${day}T000000Z.backup`), '');
    await runWith({ KEEP: '3' }, 'backup.sh', 'prod');
    const kept = (await readdir(backups)).sort();
    expect(kept).toHaveLength(3);
    expect(kept[0]).toBe('2026-01-03T000000Z.backup');
    expect((await stat(join(backups, kept[2] ?? ''))).mode & 0o777).toBe(0o600);
  });

  it('restore.sh fills a database beside the old one, and takes its place only when that went well', async () => {
    const file = join(folder, 'some.backup');
    await writeFile(file, 'what was saved');
    const calls = await run('restore.sh', 'prod', file);
    const order = [
      'deye-hard backup',
      'stop backend-prod',
      'restore',
      'DROP DATABASE IF EXISTS deye_hard WITH',
      'RENAME',
    ];
    const at = order.map((part) => calls.findIndex((call) => call.includes(part)));
    expect(at).not.toContain(-1);
    expect(at).toEqual([...at].sort((a, b) => a - b));
    expect(await readFile(join(folder, 'calls.input'), 'utf8')).toBe('what was saved');

    await expect(runWith({ FAIL_RUN: '1' }, 'restore.sh', 'prod', file)).rejects.toThrow('runs on with what it had');
    expect((await readCalls()).filter((call) => /DROP DATABASE IF EXISTS deye_hard |RENAME/.test(call))).toEqual([]);
  });

  it('refuse an environment that there is not, and one without its secrets', async () => {
    await expect(run('deploy.sh', 'production')).rejects.toThrow('prod, staging or test');
    await expect(run('deploy-staging.sh')).rejects.toThrow('make-secrets.sh');
    await writeFile(join(folder, 'deployment/.env.test'), 'DOMAIN=x.example.org\nPOSTGRES_PASSWORD=\n');
    await expect(run('deploy-test.sh')).rejects.toThrow('POSTGRES_PASSWORD is not set');
  });
});
