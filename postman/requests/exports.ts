import type { Item } from './item.ts';

/** Tables as files. */
export const exportManagement: Item[] = [
  {
    operation: 'createExport',
    method: 'POST',
    path: '/exports',
    body: { resource: 'sales', format: 'csv', filters: { from: '2020-01-01T00:00:00.000Z' } },
    status: 202,
    root: 'job',
    set: { export_job_id: 'json.job.id' },
  },
  {
    operation: 'getJob',
    name: 'Wait for the file of an export',
    method: 'GET',
    path: '/jobs/{{export_job_id}}?wait=30',
    status: 200,
    root: 'job',
    set: { export_id: 'json.job.result.export.id' },
    test: { 'has succeeded': "json.job.status === 'succeeded'" },
  },
  { operation: 'getExport', method: 'GET', path: '/exports/{{export_id}}', status: 200, root: 'export' },
  {
    operation: 'downloadExport',
    method: 'GET',
    path: '/exports/{{export_id}}/file',
    status: 200,
    test: { 'begins with the names of the columns': "pm.response.text().startsWith('id,cart_id,sold_at')" },
  },
  {
    operation: 'listSales',
    method: 'GET',
    path: '/events/{{event_id}}/sales?per_page=5',
    status: 200,
    root: 'sales',
  },
  {
    operation: 'listSalesCsv',
    method: 'GET',
    path: '/events/{{event_id}}/sales.csv?status=paid',
    status: 200,
  },
  { operation: 'listAttendeesCsv', method: 'GET', path: '/events/{{event_id}}/tickets.csv', status: 200 },
  {
    operation: 'getReport',
    name: 'The report of an event as it was a day ago',
    method: 'GET',
    path: '/events/{{event_id}}/report?as_of={{yesterday}}',
    before: "pm.collectionVariables.set('yesterday', new Date(Date.now() - 86400000).toISOString());",
    status: 200,
    root: 'report',
    test: {
      'tells sales by interface, day and hour': "'interfaces' in json.report && 'days' in json.report",
    },
  },
  {
    operation: 'proveStock',
    name: 'The stock of an event, counted anew beside its counters',
    method: 'GET',
    path: '/events/{{event_id}}/stock',
    status: 200,
    root: 'stock',
    test: {
      'nothing drifts': 'json.stock.drift.length === 0',
      'every place is somewhere':
        'json.stock.sections.every((s) => s.capacity === s.available + s.held + s.sold + s.blocked + s.courtesy)',
    },
  },
  { operation: 'getReportCsv', method: 'GET', path: '/events/{{event_id}}/report.csv', status: 200 },
  {
    operation: 'drawReport',
    method: 'GET',
    path: '/events/{{event_id}}/report.svg',
    status: 200,
    test: { 'is a drawing': "pm.response.text().startsWith('<svg')" },
  },
];
