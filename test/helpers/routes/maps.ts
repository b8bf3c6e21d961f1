import type { ApiWorld } from '../api-world.ts';
import { mapOf, seatedSection, standingSection } from '../catalogue.ts';
import type { RouteEntry } from '../route-table.ts';

const managed = { scopes: ['admin'], of: 'company' } as const;
const BODY_LIMIT = 33_554_432;

/** A small map with every field there is. */
function mapBody(world: ApiWorld) {
  const { width, height, focal_point, sections } = mapOf(
    seatedSection('Stalls', 1, 2),
    standingSection('Floor', 9),
  );
  const [stalls, floor] = sections;
  const [row] = stalls?.rows ?? [];
  const seats = (row?.seats ?? []).map((seat, i) => ({ ...seat, position: i + 1, accessible: i === 0 }));
  Object.assign(seats[1] as object, { companion_of: '1' });
  const shape = [
    [0, 0],
    [20, 0],
    [20, 20],
  ];
  return {
    ...{ venue_id: world.venue_id, width, height, focal_point },
    sections: [{ ...stalls, capacity: 2, shape, rows: [{ label: 'A', seats }] }, floor],
    name: 'Small hall',
  };
}

async function makeMap(world: ApiWorld): Promise<number> {
  const answer = await world.call('POST', '/maps', { who: 'admin', body: mapBody(world) });
  if (answer.statusCode !== 201) throw new Error(answer.body);
  return answer.json().map.id;
}

const NULLABLE = ['/venue_id', '/sections/0/shape', '/sections/0/rows/0/seats/1/companion_of'];

const LENGTHS = [0, 1.5];
const PLACES = ['/sections/0/rows/0/seats/0', '/sections/0/rows/0/seats/1', '/focal_point'].flatMap((at) => [
  [`${at}/x`, LENGTHS],
  [`${at}/y`, LENGTHS],
]);
/** A map that is smaller than its seats: the seats are what is wrong then. */
const SIZES = { '/width': [1.5], '/height': [1.5] };
const CORNERS = [0, 1, 2].flatMap((i) => [0, 1].map((axis) => [`/sections/0/shape/${i}/${axis}`, LENGTHS]));
const FINE = { ...SIZES, ...Object.fromEntries([...PLACES, ...CORNERS]), '/sections/1/rows': [[]] };

/** Maps as organisers manage them. */
export const mapRoutes: readonly RouteEntry[] = [
  {
    ...{ route: 'GET /maps', scopes: ['admin'], status: 200, answer: { page: 'maps' } },
    example: () => ({ url: '/maps' }),
  },
  {
    ...{ route: 'POST /maps', scopes: ['admin'], status: 201, answer: { one: 'map' } },
    ...{ nullable: NULLABLE, fine: FINE, bodyLimit: BODY_LIMIT },
    example: (w) => ({ url: '/maps', body: mapBody(w) }),
  },
  {
    ...{ route: 'POST /maps/csv', scopes: ['admin'], status: 201, answer: { one: 'map' } },
    ...{ nullable: ['/venue_id'], fine: FINE, bodyLimit: BODY_LIMIT, texts: ['name'] },
    example: ({ venue_id }) => ({
      url: '/maps/csv',
      body: {
        ...{ venue_id, width: 100, height: 50, focal_point: { x: 50, y: 0 } },
        ...{ csv: 'section,row,number,x,y,accessible\nStalls,A,1,10,10,no\n', name: 'Table' },
      },
    }),
  },
  {
    ...managed,
    ...{ route: 'GET /maps/:map_id', status: 200, answer: { one: 'map' } },
    example: ({ map_id }) => ({ url: `/maps/${map_id}` }),
  },
  {
    ...managed,
    ...{ route: 'PUT /maps/:map_id', status: 200, answer: { one: 'map' }, ifMatch: true },
    ...{ nullable: NULLABLE, fine: FINE, bodyLimit: BODY_LIMIT },
    example: async (w) => ({ url: `/maps/${await makeMap(w)}`, body: mapBody(w) }),
  },
  {
    ...managed,
    ...{ route: 'DELETE /maps/:map_id', status: 204, answer: 'empty', ifMatch: true },
    example: async (w) => ({ url: `/maps/${await makeMap(w)}` }),
  },
];
