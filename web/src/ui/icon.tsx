/** Line drawings of 24 units, in the colour of the text. They never stand alone for a meaning: a word is beside them. */
const PATHS = {
  alert: 'M12 3.500 2.500 20h19L12 3.500ZM12 10v4.500M12 17.200v.3',
  back: 'M14.500 5 8 12l6.500 7',
  building: 'M4 21V5l9-2.500V21M13 9h7v12M2.500 21h19M7.500 8h2M7.500 12h2M7.500 16h2M16 13h1.500M16 17h1.500',
  calendar: 'M4 6h16v14H4zM4 10.500h16M8.500 3v5M15.500 3v5',
  check: 'm4.500 12.500 5 5 10-11',
  clock: 'M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17ZM12 7.500V12l3 2.500',
  close: 'm5.500 5.500 13 13m0-13-13 13',
  down: 'm6 9.500 6 6 6-6',
  file: 'M6 3h8l4.500 4.500V21H6zM14 3v5h4.500',
  flag: 'M6 21V4h12l-2.500 4.500L18 13H6',
  help: 'M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17ZM9.500 9.700c.2-1.500 1.300-2.300 2.600-2.300 1.500 0 2.600.9 2.600 2.200 0 1.900-2.700 2-2.700 4.100M12 16.500v.3',
  info: 'M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17ZM12 11v5.500M12 7.500v.3',
  list: 'M4 6.500h2M9 6.500h11M4 12h2m3 0h11M4 17.500h2m3 0h11',
  lock: 'M6 10.500h12V20H6zM8.500 10.500V7.500a3.500 3.500 0 0 1 7 0v3',
  mail: 'M3.500 5.500h17v13h-17zM3.500 6.500l8.500 6.500 8.500-6.500',
  map: 'M12 21s6.500-6 6.500-11a6.500 6.500 0 0 0-13 0c0 5 6.500 11 6.500 11ZM12 12.200a2.200 2.200 0 1 0 0-4.400 2.200 2.200 0 0 0 0 4.400Z',
  move: 'M12 3v18M3 12h18M12 3 9.500 5.500M12 3l2.500 2.500M12 21l-2.500-2.500M12 21l2.500-2.500M3 12l2.500-2.500M3 12l2.500 2.500M21 12l-2.500-2.500M21 12l-2.500 2.500',
  note: 'M5 4h14v11l-5 5H5zM14 20v-5h5M8.500 8.500h7M8.500 12h4',
  phone:
    'M5 4h4l1.500 5-2.300 1.500a12 12 0 0 0 5.300 5.300L15 13.500l5 1.500v4c0 .8-.7 1.500-1.500 1.500C10.500 20.500 3.500 13.500 3.500 5.500 3.500 4.700 4.200 4 5 4Z',
  search: 'M10.500 4a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13ZM15.500 15.500l5 5',
  settings: 'M4 7h9m4 0h3M4 17h3m4 0h9M15 4.500v5M9 14.500v5',
  shield: 'M12 3 5 6v5.500c0 4.500 3 7.700 7 9.500 4-1.800 7-5 7-9.500V6l-7-3ZM9 12l2.200 2.200L15.500 10',
  user: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM4 20.500c.8-4 4-6 8-6s7.200 2 8 6',
  users:
    'M9 5a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7ZM2.500 19.500c.6-3.500 3-5 6.500-5s5.900 1.500 6.500 5M15.500 5.500a3.200 3.200 0 0 1 0 6.200M17.500 14.700c2.200.5 3.600 2 4 4.800',
  video: 'M3.500 7h11v10h-11zM14.500 11l6-3v8l-6-3',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, className = 'size-5' }: { name: IconName; className?: string }) {
  return (
    <svg
      viewBox="0 0 24 24"
      aria-hidden
      className={`inline-block shrink-0 ${className}`}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
