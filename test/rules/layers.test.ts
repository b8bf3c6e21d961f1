import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inProject } from '../../src/paths.ts';
import { findAll, importsOf, sourceFiles } from './source.ts';

// Each expectation compares with an empty list: what fails is named with its place.

const routes = sourceFiles('src/routes');
const services = sourceFiles('src/services');

/** Imports of files that no pattern allows. */
const strangers = (files: typeof routes, allowed: RegExp) =>
  files.flatMap((file) =>
    importsOf(file)
      .filter(({ target }) => !allowed.test(target))
      .map(({ place, specifier }) => `${place} imports ${specifier}`),
  );

const places = (files: typeof routes, pattern: RegExp) =>
  findAll(files, pattern).map(({ place, match }) => `${place} ${match[0].trim()}`);

describe('a route file', () => {
  it('exists at all: the rules below are not about nothing', () => {
    expect(routes.length).toBeGreaterThan(0);
    expect(services.length).toBeGreaterThan(0);
  });

  it('imports schemas, services, the way to declare routes and hooks of its own; no database, no other route', () => {
    const allowed = /^(fastify|@fastify\/[a-z-]+|zod|src\/(schemas|services|routing|hooks)\/.+)$/;
    expect(strangers(routes, allowed)).toEqual([]);
  });

  it('has no SQL and no database handle', () => {
    expect(places(routes, /\b(prisma|pool|statement|inTransaction|transaction|\.db)\b/)).toEqual([]);
  });

  it('leaves decisions to services: handlers have no branches, loops or try/catch', () => {
    expect(places(routes, /\b(try|catch|finally|throw|switch|for|while)\s*[({]|\bthrow\b/)).toEqual([]);
    // What the deployment has set up decides which routes there are; what a request says decides nothing here.
    expect(places(routes, /\bif\s*\((?!app\.system\.config\.)[^)]*\)/)).toEqual([]);
  });
});

describe('a service', () => {
  it('knows nothing of HTTP: it imports neither Fastify nor hooks, routes, their declaration or the app', () => {
    const taken = services.flatMap((file) =>
      importsOf(file)
        .filter(({ target }) =>
          /^(@?fastify(\/.+)?|fastify-.+|src\/(hooks|routes)\/.+|src\/app\.ts)$/.test(target),
        )
        .map(({ place, specifier }) => `${place} imports ${specifier}`),
    );
    expect(taken).toEqual([]);
  });

  it('sees neither request nor reply', () => {
    expect(places(services, /\b(FastifyRequest|FastifyReply|FastifyInstance)\b/)).toEqual([]);
    expect(places(services, /\breply\.(send|code|status|headers?|type|redirect|raw|hijack)\b/)).toEqual([]);
    expect(places(services, /\brequest\.(headers|query|params|raw|ip|url|body|ctx|server)\b/)).toEqual([]);
  });

  it('throws problems of the catalogue and never a status of its own', () => {
    expect(places(services, /\b(statusCode|httpStatus)\b|\.code\(\d{3}\)|\bstatus:\s*[2345]\d\d\b/)).toEqual(
      [],
    );
  });
});

describe('what runs in production', () => {
  it('needs no package that only development installs', () => {
    const { dependencies, optionalDependencies } = JSON.parse(
      fs.readFileSync(inProject('package.json'), 'utf8'),
    ) as Record<'dependencies' | 'optionalDependencies', Record<string, string>>;
    const installed = { ...dependencies, ...optionalDependencies };
    const missing = sourceFiles('src', 'prisma/seed').flatMap((file) =>
      importsOf(file)
        .filter(({ erased, specifier }) => !erased && !/^(\.|node:)/.test(specifier))
        .filter(({ specifier }) => !((/^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? '') in installed))
        .map(({ place, specifier }) => `${place} imports ${specifier}`),
    );
    expect(missing).toEqual([]);
  });
});

describe('the environment', () => {
  it('is read by src/config.ts alone', () => {
    const readers = findAll(sourceFiles('src'), /\bprocess\s*(\.\s*env\b|\[\s*'env'\s*\])/)
      .filter(({ file }) => file.path !== 'src/config.ts')
      .map(({ place }) => place);
    expect(readers).toEqual([]);
  });
});
