import { queryOptions } from '@tanstack/react-query';
import { api } from '@/api/client';
import type { Settings } from '@/api/schema';

export interface VersionedSettings {
  settings: Settings;
  /** Their version, which is in the header only. */
  etag: string;
}

export const versionedSettings = queryOptions({
  queryKey: ['settings', 'versioned'],
  queryFn: async ({ signal }): Promise<VersionedSettings> => {
    const { data, response } = await api.GET('/api/v1/settings', { signal });
    return { settings: data as Settings, etag: response.headers.get('etag') ?? '' };
  },
});
