/** Redis and PostgreSQL for tests, each started on a port of its own where its program is installed. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

export interface Engine {
  readonly url: string;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Where Debian puts PostgreSQL's programs, which are not on the PATH. */
const POSTGRES_VERSIONS = '/usr/lib/postgresql';

/** Why an engine cannot be tested here; null: it can. */
export function missing(name: 'redis' | 'postgres'): string | null {
  if (name === 'redis') {
    const { status } = spawnSync(redisServer(), ['--version']);
    return status === 0 ? null : 'no redis-server: install it, or name it in REDIS_SERVER';
  }
  if (postgresFolder() === null) return 'no PostgreSQL is installed';
  return process.getuid?.() === 0 && spawnSync('runuser', ['-u', 'postgres', '--', 'true']).status !== 0
    ? 'PostgreSQL does not run as root'
    : null;
}

export function startEngine(name: 'redis' | 'postgres'): Promise<Engine> {
  return name === 'redis' ? startRedis() : startPostgres();
}

function redisServer(): string {
  return process.env['REDIS_SERVER'] ?? 'redis-server';
}

async function startRedis(): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), 'longembed-redis-'));
  const port = await freePort();
  const args = ['--port', String(port), '--dir', folder, '--appendonly', 'yes', '--save', ''];
  let child: ChildProcess | null = null;
  const engine: Engine = {
    url: `redis://127.0.0.1:${port}`,
    start: async () => {
      const started = (child = spawn(redisServer(), args, { stdio: ['ignore', 'pipe', 'inherit'] }));
      await new Promise<void>((resolve, reject) => {
        started.on('exit', () => reject(new Error('redis-server ended')));
        started.stdout.on('data', (text: Buffer) => {
          if (text.includes('Ready to accept connections')) resolve();
        });
      });
    },
    stop: async () => {
      const ended = new Promise((resolve) => child?.once('exit', resolve));
      child?.kill();
      await ended;
    },
  };
  await engine.start();
  return engine;
}

function postgresFolder(): string | null {
  const [version] = existsSync(POSTGRES_VERSIONS) ? readdirSync(POSTGRES_VERSIONS).sort().reverse() : [];
  return version === undefined ? null : join(POSTGRES_VERSIONS, version, 'bin');
}

async function startPostgres(): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), 'longembed-postgres-'));
  chmodSync(folder, 0o777);
  const port = await freePort();
  const run = (program: string, ...args: string[]): Promise<void> => {
    const path = join(postgresFolder() ?? '', program);
    // PostgreSQL refuses to run as root, which tests in containers are.
    const command = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--', path] : [path];
    const { status, stderr } = spawnSync(command[0] ?? '', [...command.slice(1), ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return status === 0 ? Promise.resolve() : Promise.reject(new Error(`${program}: ${stderr}`));
  };
  const data = join(folder, 'data');
  const control = (...args: string[]): Promise<void> =>
    run('pg_ctl', '-D', data, '-w', '-l', join(folder, 'log'), ...args);
  await run('initdb', '-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync');
  const engine: Engine = {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    start: () => control('-o', `-p ${port} -k ${folder} -F`, 'start'),
    stop: () => control('-m', 'fast', 'stop'),
  };
  await engine.start();
  return engine;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  await setTimeout(10);
  return port;
}
