import type { Folder } from './item.ts';
import { offline } from './offline.ts';

const scan = { qr_code: '{{qr_code}}', event_id: '{{event_id}}', gate_id: '{{gate_id}}', nonce: '{{$guid}}' };

export const tickets: Folder = {
  name: 'Tickets',
  description: 'Tickets carry a signed code, as text and as a picture.',
  items: [
    {
      operation: 'listTickets',
      method: 'GET',
      path: '/tickets?cart_id={{cart_id}}',
      status: 200,
      root: 'tickets',
    },
    {
      operation: 'getTicket',
      method: 'GET',
      path: '/tickets/{{ticket_id}}',
      status: 200,
      root: 'ticket',
      test: { 'is valid': "json.ticket.status === 'valid'" },
    },
    {
      operation: 'updateTicket',
      method: 'PATCH',
      path: '/tickets/{{ticket_id}}',
      body: { holder: { first_name: 'Grace', last_name: 'Hopper' } },
      status: 200,
      root: 'ticket',
      test: { 'has the holder': "json.ticket.holder.first_name === 'Grace'" },
    },
    {
      operation: 'getTicketQrSvg',
      method: 'GET',
      path: '/tickets/{{ticket_id}}/qr.svg',
      status: 200,
      test: { 'is a picture': "pm.response.text().includes('<svg')" },
    },
    {
      operation: 'getTicketQrPng',
      method: 'GET',
      path: '/tickets/{{ticket_id}}/qr.png',
      status: 200,
      test: { 'is a picture': "pm.response.headers.get('Content-Type') === 'image/png'" },
    },
    {
      operation: 'getTicketByCode',
      method: 'GET',
      path: '/tickets/qr/{{qr_code}}',
      status: 200,
      root: 'ticket',
      test: { 'is the one': "json.ticket.id === pm.environment.get('ticket_id')" },
    },
    {
      operation: 'listEventTickets',
      method: 'GET',
      path: '/events/{{event_id}}/tickets',
      status: 200,
      root: 'tickets',
    },
    {
      operation: 'reissueTicket',
      method: 'POST',
      path: '/tickets/{{second_ticket_id}}/reissue',
      status: 200,
      root: 'ticket',
    },
    {
      operation: 'voidTicket',
      method: 'POST',
      path: '/tickets/{{third_ticket_id}}/void',
      status: 200,
      root: 'ticket',
      test: { 'is void': "json.ticket.status === 'void'" },
    },
  ],
};

export const validations: Folder = {
  name: 'Validations',
  description: 'The door: each code enters once, and every attempt is kept.',
  items: [
    {
      operation: 'createValidation',
      name: 'Scan at the door: accepted',
      method: 'POST',
      path: '/validations',
      body: { ...scan, force: { reason: 'Doors opened early' } },
      status: 201,
      root: 'validation',
      set: { validation_id: 'json.validation.id' },
      test: { 'is accepted': "json.validation.result === 'accepted'" },
    },
    {
      operation: 'createValidation',
      name: 'The same code again: already used',
      method: 'POST',
      path: '/validations',
      body: scan,
      status: 201,
      root: 'validation',
      test: {
        'is rejected': "json.validation.result === 'rejected' && json.validation.reason === 'already_used'",
      },
    },
    {
      operation: 'listValidations',
      method: 'GET',
      path: '/validations?event_id={{event_id}}',
      status: 200,
      root: 'validations',
    },
    {
      operation: 'getValidation',
      method: 'GET',
      path: '/validations/{{validation_id}}',
      status: 200,
      root: 'validation',
    },
    {
      operation: 'summarizeValidations',
      method: 'GET',
      path: '/events/{{event_id}}/validations/summary',
      status: 200,
    },
    {
      operation: 'undoValidation',
      method: 'POST',
      path: '/validations/{{validation_id}}/undo',
      status: 200,
      root: 'validation',
    },
    ...offline,
    {
      operation: 'getReport',
      name: 'Report of the event',
      method: 'GET',
      path: '/events/{{event_id}}/report',
      status: 200,
      root: 'report',
    },
  ],
};
