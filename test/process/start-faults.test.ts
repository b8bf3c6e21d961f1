import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { start } from '../../src/start/start.ts';
import { explain } from '../../src/start/start-error.ts';
import { runToEnd, SLOW, useFolder } from './server-process.ts';

const place = useFolder();

describe('a server that cannot start', { timeout: SLOW }, () => {
  /** One line, and nothing else, tells why. */
  async function refusal(env: Record<string, string>): Promise<string> {
    const { code, stderr } = await runToEnd('src/main.ts', {
      DATA_DIR: path.join(place.folder, 'refused'),
      PORT: '0',
      LOG_LEVEL: 'warn',
      ...env,
    });
    expect([code, stderr.trim().split('\n').length]).toEqual([1, 1]);
    return stderr.trim();
  }

  it('names every wrong setting', async () => {
    expect(await refusal({ PORT: 'http', SEED: 'everything' })).toMatch(/^Wrong setting: PORT: .*; SEED: /);
  });

  it('says that its port is taken, and leaves no database running', async () => {
    const other = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as net.AddressInfo;
    const data = path.join(place.folder, 'refused');
    expect(await refusal({ PORT: String(port), SEED: 'reference' })).toMatch(
      new RegExp(`^Port ${port} is in use on 127.0.0.1`),
    );
    other.close();
    expect(fs.existsSync(path.join(data, 'postgres/data/postmaster.pid'))).toBe(false);
  });

  /** The same without a process of its own. */
  async function faultOf(env: Record<string, string>): Promise<string> {
    const data = path.join(place.folder, 'refused');
    const config = readConfig({ DATA_DIR: data, PORT: '0', LOG_LEVEL: 'silent', ...env });
    const told = explain(
      await start(config).then(
        () => 'nothing',
        (error: unknown) => error,
      ),
    );
    expect(told.split('\n')).toHaveLength(1);
    return told;
  }

  it('says which folder it cannot write to', async () => {
    const file = path.join(place.folder, 'file');
    fs.writeFileSync(file, '');
    expect(await faultOf({ DATA_DIR: path.join(file, 'data') })).toContain(`'${file}`);
  });

  it('says which database it cannot use, without its password', async () => {
    const nobody = await faultOf({ DATABASE_URL: 'postgresql://me:hidden@127.0.0.1:9/tickets' });
    expect(nobody).toBe(
      'Cannot use the database of DATABASE_URL (127.0.0.1:9/tickets): nothing listens there',
    );
    const url = new URL(inject('adminUrl'));
    url.pathname = '/no_such_database';
    expect(await faultOf({ DATABASE_URL: url.href })).toMatch(/no_such_database.* does not exist$/);
  });
});
