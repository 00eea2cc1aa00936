/** Files are fetched with the token, which a plain link could not carry, and handed to the browser for saving. */
import { api, body } from './client';

/** Saves a file of a case or of a mail. */
export async function saveAttachment(id: string, filename: string): Promise<void> {
  const params = { path: { id } };
  save(await body(api.GET('/api/v1/attachments/{id}', { params, parseAs: 'blob' })), filename);
}

/** Saves a mail as it came. */
export async function saveRawMail(id: string): Promise<void> {
  const params = { path: { id } };
  save(await body(api.GET('/api/v1/intake/emails/{id}/raw', { params, parseAs: 'blob' })), `${id}.eml`);
}

/** Saves the package of a disclosure, by the reference under which it was asked for. */
export async function saveDisclosure(id: string, reference: string): Promise<void> {
  const params = { path: { id } };
  const name = reference.replaceAll(/[\\/:*?"<>|]/g, '_');
  save(await body(api.GET('/api/v1/disclosures/{id}/download', { params, parseAs: 'blob' })), `${name}.zip`);
}

/** Saves a list that was made into a file. */
export async function saveExport(id: string, filename: string): Promise<void> {
  const params = { path: { id } };
  save(await body(api.GET('/api/v1/exports/{id}/download', { params, parseAs: 'blob' })), filename);
}

export function save(blob: unknown, filename: string) {
  // Whatever it is, the browser must not open it as a page of this host.
  const bytes = new Blob([blob as Blob], { type: 'application/octet-stream' });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(bytes);
  link.download = filename;
  link.click();
  URL.revokeObjectURL(link.href);
}
