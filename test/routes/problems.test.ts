import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROBLEMS } from '../../src/errors.ts';
import { type TestApp, testApp } from '../helpers/app.ts';

let test: TestApp;

beforeAll(async () => {
  test = await testApp();
});
afterAll(() => test.close());

describe('the page of a problem', () => {
  it('is where the type of a problem leads, for every problem', async () => {
    const { type } = (await test.app.inject('/nowhere')).json();
    expect(new URL(type).pathname).toBe('/problems/not_found');
    for (const [code, { status, title }] of Object.entries(PROBLEMS)) {
      const page = await test.app.inject(`/problems/${code}`);
      expect(page.statusCode, code).toBe(200);
      expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(page.body).toContain(`<title>${title.en.replaceAll("'", '&#39;')}</title>`);
      expect(page.body).toContain(`HTTP status ${status}`);
    }
  });

  it('speaks the language of who asks', async () => {
    const page = await test.app.inject({ url: '/problems/sold_out', headers: { 'accept-language': 'es' } });
    expect(page.body).toContain('<h1>Agotado</h1>');
    expect(page.body).toContain('<html lang="es">');
  });

  it('does not exist for what is no problem, and repeats nothing of the address', async () => {
    for (const code of ['nonsense', 'constructor', '__proto__', '<script>alert(1)</script>']) {
      const answer = await test.app.inject(`/problems/${encodeURIComponent(code)}`);
      expect(answer.statusCode).toBe(404);
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(answer.body).not.toContain('script');
    }
  });

  it('lets nothing run and nobody frame it', async () => {
    const { headers } = await test.app.inject('/problems/not_found');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it('is linked from the list of all', async () => {
    const { body, statusCode } = await test.app.inject('/problems');
    expect(statusCode).toBe(200);
    for (const code of Object.keys(PROBLEMS)) expect(body).toContain(`href="problems/${code}"`);
  });
});
