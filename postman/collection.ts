import { courtesies } from './requests/courtesies.ts';
import { tickets, validations } from './requests/door.ts';
import { operations, refusals, signOut } from './requests/end.ts';
import { events, maps } from './requests/events.ts';
import type { Folder, Item } from './requests/item.ts';
import { management } from './requests/management.ts';
import { payments } from './requests/payments.ts';
import { carts } from './requests/sales.ts';
import { authentication, resources } from './requests/start.ts';
import { subscriptions } from './requests/subscriptions.ts';
import { users } from './requests/users.ts';
import { waitlist } from './requests/waitlist.ts';

/** From top to bottom: a run of the collection is one long story whose later requests use what earlier ones made. */
export const FOLDERS: Folder[] = [
  authentication,
  resources,
  events,
  maps,
  carts,
  payments,
  tickets,
  validations,
  courtesies,
  waitlist,
  users,
  subscriptions,
  management,
  refusals,
  operations,
  signOut,
];

/** Variables that live in the environment under the seed's names; all others are the collection's own. */
export const ENVIRONMENT = [
  ['site_url', 'http://127.0.0.1:3000'],
  ['api_url', 'http://127.0.0.1:3000'],
  ['access_token_url', '{{api_url}}/auth/token'],
  ['client_id', 'demo-back-office'],
  ['client_secret', ''],
  ['username', 'john.doe@mail.com'],
  ['password', ''],
  ['new_password', ''],
  ['access_token', ''],
  ['refresh_token', ''],
  ['scope', 'public buy sell admin'],
  ['interface_id', '1'],
  ['event_id', ''],
  ['map_id', ''],
  ['cart_id', ''],
  ['job_id', ''],
  ['code', 'WELCOME10'],
  ['seat_id', ''],
  ['ticket_id', ''],
  ['qr_code', ''],
  ['sale_detail_id', ''],
  ['user_id', ''],
  ['user_email', 'john.doe@mail.com'],
  ['user_first_name', 'John'],
  ['user_last_name', 'Doe'],
  ['country_id', '46'],
  ['state_id', '530'],
  ['address_id', ''],
  ['guest_id', ''],
  ['plan_id', ''],
  ['plan_setting_id', ''],
  ['subscription_id', ''],
  ['resources', 'interfaces,currencies'],
] as const;

const NAMES = new Set<string>(ENVIRONMENT.map(([name]) => name));
const SECRET = /secret$|password$|token$/;

/** An answer that was really given, shown with its request. */
export interface Example {
  status: number;
  reason: string;
  headers: { key: string; value: string }[];
  body: string;
}

/**
 * The collection (format 2.1).
 * @param summaries of the routes, by operationId
 * @param examples by folder and name of the item
 */
export function collection(
  summaries: ReadonlyMap<string, string>,
  examples: ReadonlyMap<string, Example>,
): object {
  return {
    info: {
      _postman_id: '75d39eba-254f-4e9a-9128-55e85bfe2611',
      name: 'Ticketing API',
      description:
        'Import it with the environment that the server wrote into its data folder, and run it from top to bottom: ' +
        'each request takes what it needs from the ones before it.',
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{access_token}}', type: 'string' }] },
    event: [script('test', EVERYWHERE)],
    item: FOLDERS.map(({ name, description, items }) => ({
      name,
      description,
      item: items.map((item) =>
        itemOf(item, nameOf(item, summaries), examples.get(exampleKey(name, nameOf(item, summaries)))),
      ),
    })),
  };
}

export const exampleKey = (folder: string, item: string): string => `${folder} / ${item}`;

const nameOf = ({ name, operation }: Item, summaries: ReadonlyMap<string, string>): string =>
  name ?? summaries.get(operation) ?? operation;

/** The environment that ships: the seed's variables, and nothing else that a user must fill in. */
export const environment = (): object => ({
  id: '0b4744b5-f176-47f0-ba7a-5e3c9bf91af6',
  name: 'Ticketing API',
  values: ENVIRONMENT.map(([key, value]) => ({
    key,
    value,
    type: SECRET.test(key) ? 'secret' : 'default',
    enabled: true,
  })),
  _postman_variable_scope: 'environment',
});

// Conventions of the API that hold for every answer of every route.
const EVERYWHERE = [
  "pm.test('names the request', () => pm.expect(pm.response.headers.has('X-Request-Id')).to.be.true);",
  "pm.test('names the interface', () => pm.expect(pm.response.headers.has('X-Interface')).to.be.true);",
];

function itemOf(item: Item, name: string, example: Example | undefined): object {
  const request = requestOf(item);
  return {
    name,
    event: [...(item.before ? [script('prerequest', [item.before])] : []), script('test', testsOf(item))],
    request,
    response: example
      ? [
          {
            name: `${example.status} ${example.reason}`,
            originalRequest: request,
            status: example.reason,
            code: example.status,
            _postman_previewlanguage: example.body.startsWith('{') ? 'json' : 'text',
            header: example.headers,
            body: example.body,
          },
        ]
      : [],
  };
}

function requestOf({ method, path, as = 'client', headers = {}, body, form, operation }: Item): object {
  const [address = '', query] = path.split('?');
  const sent = { ...(as !== 'nobody' && { 'X-Interface': '{{interface_id}}' }), ...headers };
  return {
    method,
    description: `operationId: ${operation}`,
    header: Object.entries(sent).map(([key, value]) => ({ key, value })),
    url: {
      raw: `{{api_url}}${path}`,
      host: ['{{api_url}}'],
      path: address.slice(1).split('/'),
      ...(query && {
        query: query
          .split('&')
          .map((pair) => ({ key: pair.split('=')[0], value: pair.slice(pair.indexOf('=') + 1) })),
      }),
    },
    ...(as === 'nobody' && { auth: { type: 'noauth' } }),
    ...(as === 'user' && {
      auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{user_access_token}}', type: 'string' }] },
    }),
    ...(form && {
      body: { mode: 'urlencoded', urlencoded: Object.entries(form).map(([key, value]) => ({ key, value })) },
    }),
    ...(body !== undefined && {
      body: { mode: 'raw', raw: rawBody(body), options: { raw: { language: 'json' } } },
    }),
  };
}

/** JSON in which ids stand as numbers: `"{{event_id}}"` alone becomes `{{event_id}}`. */
const rawBody = (body: unknown): string =>
  JSON.stringify(body, null, 2).replace(
    /"(\{\{(?:own_interface|general_section|new_event_interface|new_event_map|new_event_section|event|map|gate|inner_gate|seat|second_seat|third_seat|second_of_row|row_type|ticket_type|festival_ticket_type|product|plan_setting|other_plan_setting|user|country|state)_id\}\})"/g,
    '$1',
  );

function testsOf({ status, root, set = {}, test = {} }: Item): string[] {
  const lines = [`pm.test('answers ${status}', () => pm.response.to.have.status(${status}));`];
  const needsJson =
    root !== undefined || Object.values({ ...set, ...test }).some((code) => code.includes('json'));
  if (needsJson) lines.push('const json = pm.response.json();');
  if (root) lines.push(`pm.test('wraps it in ${root}', () => pm.expect(json).to.have.property('${root}'));`);
  for (const [name, expression] of Object.entries(test))
    lines.push(`pm.test(${JSON.stringify(name)}, () => pm.expect(${expression}).to.be.true);`);
  for (const [name, expression] of Object.entries(set))
    lines.push(
      `${NAMES.has(name) ? 'pm.environment' : 'pm.collectionVariables'}.set('${name}', ${expression});`,
    );
  return lines;
}

const script = (listen: string, exec: string[]): object => ({
  listen,
  script: { type: 'text/javascript', exec },
});
