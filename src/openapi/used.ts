import type { OpenAPIV3_1 } from 'openapi-types';

type Document = OpenAPIV3_1.Document;
type Components = Record<string, Record<string, unknown>>;

/** Leaves out components and tags that no operation refers to, directly or through another component. */
export function withoutUnused(document: Document): Document {
  const components = document.components as Components;
  const used = referencesFrom(document.paths, components);
  const kept = Object.entries(components).map(([kind, all]) => {
    if (kind === 'securitySchemes') return [kind, all];
    const entries = Object.entries(all).filter(([name]) => used.has(`#/components/${kind}/${name}`));
    return [kind, Object.fromEntries(entries)];
  });
  const tags = new Set(
    Object.values(document.paths ?? {}).flatMap((item) =>
      Object.values(item ?? {}).flatMap((operation) => (operation as { tags?: string[] }).tags ?? []),
    ),
  );
  return {
    ...document,
    tags: (document.tags ?? []).filter(({ name }) => tags.has(name)),
    components: Object.fromEntries(kept),
  };
}

function referencesFrom(start: unknown, components: Components): Set<string> {
  const found = new Set<string>();
  const follow = (value: unknown): void => {
    if (!value || typeof value !== 'object') return;
    for (const [key, inner] of Object.entries(value)) {
      if (key !== '$ref' || typeof inner !== 'string') follow(inner);
      else if (!found.has(inner)) {
        found.add(inner);
        const [kind = '', name = ''] = inner.split('/').slice(2);
        follow(components[kind]?.[name]);
      }
    }
  };
  follow(start);
  return found;
}
