import type { z } from 'zod';
import type { Export, ExportFormat, ExportResource } from '../../schemas/exports.ts';

export type ExportView = z.output<typeof Export>;

export interface ExportRow {
  id: string;
  job_id: string;
  resource: ExportResource;
  format: ExportFormat;
  rows: number;
  expires_at: Date;
  created_at: Date;
  finished_at: Date | null;
}

export const EXPORT_COLUMNS = 'id, job_id, resource, format, rows, expires_at, created_at, finished_at';

/** An export as clients see it. */
export const presentExport = (row: ExportRow): ExportView => ({
  ...row,
  url: row.finished_at && `/exports/${row.id}/file`,
});
