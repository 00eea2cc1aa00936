import { onlineManager, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { connection, watchConnection } from '@/api/connection';
import { isProblemOf } from '@/api/problem';
import { followSession } from '@/live/live';
import { router } from './router';
import { showLanguage } from '@/text/preferences';
import './styles.css';

const MOST_TRIES = 3;

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // A refusal stays a refusal; only what did not get through is asked for again.
      retry: (tries, error) => tries < MOST_TRIES && isProblemOf(error, 'offline', 'unavailable'),
    },
  },
});

// What is asked for waits while the server cannot be reached, and goes on by itself afterwards.
watchConnection();
onlineManager.setEventListener((setOnline) => connection.subscribe(() => setOnline(connection.online())));

followSession(client);

showLanguage();
const element = document.getElementById('root');
if (!element) throw new Error('index.html has lost its root');
createRoot(element, {
  // A lost connection is shown where it matters, and is no fault of the page.
  onCaughtError: (error) => {
    if (!isProblemOf(error, 'offline')) console.error(error);
  },
}).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
