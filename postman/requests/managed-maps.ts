import type { Item } from './item.ts';

const STALLS = {
  ...{ name: 'Stalls', kind: 'seated' },
  rows: [
    {
      label: 'A',
      seats: [
        { number: '1', x: 20, y: 30, accessible: true },
        { number: '2', x: 40, y: 30, companion_of: '1' },
        { number: '3', x: 60, y: 30 },
      ],
    },
  ],
};
const MAP = {
  ...{ name: 'Small hall', width: 100, height: 60, focal_point: { x: 50, y: 0 } },
  sections: [STALLS, { name: 'Floor', kind: 'general', capacity: 50, rows: [] }],
};
const OVERLAP = {
  ...STALLS,
  rows: [{ label: 'A', seats: [STALLS.rows[0]?.seats[0], { number: '2', x: 20, y: 30 }] }],
};

/** Maps of venues: imported, edited, exported. */
export const managedMaps: Item[] = [
  {
    operation: 'createMap',
    method: 'POST',
    path: '/maps',
    body: MAP,
    status: 201,
    root: 'map',
    set: { new_map_id: 'json.map.id' },
    test: { 'has its seats': 'json.map.seat_count === 3' },
  },
  {
    operation: 'createMap',
    name: 'Two seats on one spot: 422',
    method: 'POST',
    path: '/maps',
    body: { ...MAP, sections: [OVERLAP] },
    status: 422,
    test: { 'points at the seat': "json.errors[0].pointer === '/sections/0/rows/0/seats/1'" },
  },
  {
    operation: 'createMapOfCsv',
    method: 'POST',
    path: '/maps/csv',
    body: {
      name: 'Small hall, from a table',
      csv: 'section,row,number,x,y,accessible\nStalls,A,1,20,30,yes\nStalls,A,2,40,30,no\n',
    },
    status: 201,
    root: 'map',
    set: { csv_map_id: 'json.map.id' },
  },
  { operation: 'listManagedMaps', method: 'GET', path: '/maps', status: 200, root: 'maps' },
  {
    operation: 'exportMap',
    method: 'GET',
    path: '/maps/{{new_map_id}}',
    status: 200,
    root: 'map',
    set: { new_map_etag: "pm.response.headers.get('ETag').replace('-gzip', '').replace('-br', '')" },
    test: { 'is what was imported': "json.map.sections[0].rows[0].seats[1].companion_of === '1'" },
  },
  {
    operation: 'updateMap',
    method: 'PUT',
    path: '/maps/{{new_map_id}}',
    headers: { 'If-Match': '{{new_map_etag}}' },
    body: { ...MAP, name: 'Small hall, renovated' },
    status: 200,
    root: 'map',
    test: { 'keeps its seats': 'json.map.changes.added === 0 && json.map.changes.removed === 0' },
  },
  { operation: 'deleteMap', method: 'DELETE', path: '/maps/{{new_map_id}}', status: 204 },
  {
    operation: 'deleteMap',
    name: 'Delete the map of the table',
    method: 'DELETE',
    path: '/maps/{{csv_map_id}}',
    status: 204,
  },
  {
    operation: 'deleteMap',
    name: 'A map that events use stays: 409',
    method: 'DELETE',
    path: '/maps/{{map_id}}',
    status: 409,
    test: { 'names the events': 'json.event_ids.length > 0' },
  },
];
