import type { Folder } from './item.ts';

/** Of the seats listed, those that are no companion's: these go with an accessible seat only. */
const GENERAL = 'json.seats.filter((seat) => seat.companion_of === null)';

export const events: Folder = {
  name: 'Events',
  description: 'What is on sale on this interface, and at what price.',
  items: [
    {
      operation: 'listEvents',
      method: 'GET',
      path: '/events?on_sale=true&sort=starts_at&per_page=100',
      status: 200,
      root: 'events',
      set: {
        stadium_event_id: "json.events.find((e) => e.seating === 'mixed').id",
        festival_event_id: "json.events.find((e) => e.seating === 'general').id",
        event_id: "json.events.find((e) => e.seating === 'seated').id",
      },
      test: {
        'says the page': "pm.response.headers.get('X-Page') === '1' && pm.response.headers.has('X-Total')",
      },
    },
    {
      operation: 'getEvent',
      method: 'GET',
      path: '/events/{{event_id}}?expand=venue,ticket_types',
      status: 200,
      root: 'event',
      set: { event_etag: "pm.response.headers.get('ETag')" },
      test: { 'has an entity tag': "pm.response.headers.has('ETag')" },
    },
    {
      operation: 'getEvent',
      name: 'The event, not modified: 304',
      method: 'GET',
      path: '/events/{{event_id}}?expand=venue,ticket_types',
      headers: { 'If-None-Match': '{{event_etag}}' },
      status: 304,
    },
    {
      operation: 'listTicketTypes',
      method: 'GET',
      path: '/events/{{festival_event_id}}/ticket_types',
      status: 200,
      root: 'ticket_types',
      set: { festival_ticket_type_id: 'json.ticket_types[0].id' },
    },
    {
      operation: 'listProducts',
      method: 'GET',
      path: '/events/{{festival_event_id}}/products',
      status: 200,
      root: 'products',
      set: { product_id: 'json.products[0].id' },
    },
    {
      operation: 'getCode',
      method: 'GET',
      path: '/events/{{event_id}}/codes/{{code}}',
      status: 200,
      root: 'code',
    },
    {
      operation: 'listGates',
      method: 'GET',
      path: '/events/{{event_id}}/gates',
      status: 200,
      root: 'gates',
      set: { gate_id: 'json.gates[0].id', inner_gate_id: 'json.gates.find((gate) => gate.inner).id' },
      test: { 'leads to a zone inside': 'json.gates.some((gate) => gate.inner && gate.zone !== null)' },
    },
  ],
};

export const maps: Folder = {
  name: 'Maps',
  description: 'Seat maps: static geometry, live status, changes.',
  items: [
    {
      operation: 'listMaps',
      method: 'GET',
      path: '/events/{{event_id}}/maps',
      status: 200,
      root: 'maps',
      set: { map_id: 'json.maps[0].id' },
    },
    {
      operation: 'getMap',
      method: 'GET',
      path: '/events/{{event_id}}/maps/{{map_id}}',
      status: 200,
      root: 'map',
    },
    {
      operation: 'listSeats',
      method: 'GET',
      path: '/events/{{event_id}}/maps/{{map_id}}/seats?status=available&accessible=false&per_page=100',
      status: 200,
      root: 'seats',
      set: {
        seat_id: `${GENERAL}[0].id`,
        second_seat_id: `${GENERAL}[1].id`,
        third_seat_id: `${GENERAL}[2].id`,
        ticket_type_id: `${GENERAL}[0].prices[0].ticket_type_id`,
      },
    },
    {
      operation: 'getSeat',
      method: 'GET',
      path: '/events/{{event_id}}/seats/{{seat_id}}',
      status: 200,
      root: 'seat',
      test: { 'is available': "json.seat.status === 'available'" },
    },
    {
      operation: 'listMaps',
      name: 'Maps of an event that leaves no lone seats',
      method: 'GET',
      path: '/events/{{stadium_event_id}}/maps',
      status: 200,
      root: 'maps',
      set: { stadium_map_id: 'json.maps[0].id' },
    },
    {
      operation: 'listSeats',
      name: 'Its first free seats',
      method: 'GET',
      path: '/events/{{stadium_event_id}}/maps/{{stadium_map_id}}/seats?status=available&per_page=2',
      status: 200,
      root: 'seats',
      set: { second_of_row_id: 'json.seats[1].id', row_type_id: 'json.seats[1].prices[0].ticket_type_id' },
    },
    {
      operation: 'getAvailability',
      method: 'GET',
      path: '/events/{{event_id}}/maps/{{map_id}}/availability',
      status: 200,
      root: 'availability',
      set: { availability_version: 'json.availability.version' },
    },
    {
      operation: 'getAvailability',
      name: 'What has changed since',
      method: 'GET',
      path: '/events/{{event_id}}/maps/{{map_id}}/availability?since={{availability_version}}',
      status: 200,
      root: 'availability',
    },
    {
      operation: 'streamAvailability',
      method: 'GET',
      path: '/events/{{event_id}}/maps/{{map_id}}/availability/stream?seconds=1',
      status: 200,
      test: {
        'is an event stream': "pm.response.headers.get('Content-Type').startsWith('text/event-stream')",
      },
    },
    {
      operation: 'drawMap',
      method: 'GET',
      path: '/events/{{event_id}}/maps/{{map_id}}.svg',
      status: 200,
      test: { 'is a picture': "pm.response.text().includes('<svg')" },
    },
  ],
};
