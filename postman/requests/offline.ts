import type { Item } from './item.ts';

/** Two of them are two people on one code. */
const scanned = {
  ...{ qr_code: '{{qr_code}}', event_id: '{{event_id}}', gate_id: '{{gate_id}}' },
  ...{ scanned_at: '{{$isoTimestamp}}', nonce: '{{$guid}}' },
};

/** Groups, names and devices without a connection: part of the folder "Validations". */
export const offline: Item[] = [
  {
    operation: 'listAttendees',
    method: 'GET',
    path: '/events/{{event_id}}/attendees?q=grace',
    status: 200,
    root: 'attendees',
    test: { 'finds the holder': "json.attendees.some((a) => a.id === pm.environment.get('ticket_id'))" },
  },
  {
    operation: 'createGroupValidation',
    method: 'POST',
    path: '/validations/group',
    body: { qr_codes: ['{{qr_code}}'], event_id: '{{event_id}}', direction: 'exit', nonce: '{{$guid}}' },
    status: 201,
    root: 'validations',
    test: { 'judges each': 'json.validations.length === 1' },
  },
  {
    operation: 'getManifest',
    method: 'GET',
    path: '/events/{{event_id}}/manifest',
    status: 200,
    root: 'manifest',
    set: { manifest_version: 'json.manifest.version' },
    test: { 'has the public keys': 'json.manifest.keys.length > 0' },
  },
  {
    operation: 'createValidationBatch',
    method: 'POST',
    path: '/validations/batch',
    body: {
      device_id: 'tablet-1',
      sent_at: '{{$isoTimestamp}}',
      scans: [scanned, scanned],
    },
    status: 201,
    root: 'validations',
    test: { 'keeps it': 'json.validations[0].problem === null' },
  },
  {
    operation: 'getManifest',
    name: 'What has changed since the manifest',
    method: 'GET',
    path: '/events/{{event_id}}/manifest?since={{manifest_version}}',
    status: 200,
    root: 'manifest',
    test: { 'is the ticket': "json.manifest.tickets.some((t) => t[0] === pm.environment.get('ticket_id'))" },
  },
  {
    operation: 'listValidationConflicts',
    method: 'GET',
    path: '/events/{{event_id}}/validations/conflicts',
    status: 200,
    root: 'conflicts',
    test: { 'tells the double entry': 'json.conflicts.length > 0' },
  },
  {
    operation: 'drawValidations',
    method: 'GET',
    path: '/events/{{event_id}}/validations/summary.svg',
    status: 200,
    test: { 'is a picture': "pm.response.text().includes('<svg')" },
  },
  {
    operation: 'streamValidations',
    method: 'GET',
    path: '/events/{{event_id}}/validations/stream?seconds=1',
    status: 200,
    test: {
      'is an event stream': "pm.response.headers.get('Content-Type').startsWith('text/event-stream')",
    },
  },
];
