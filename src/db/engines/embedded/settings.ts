/**
 * How the server runs on a machine of the size of a Raspberry Pi: nothing acknowledged may be lost (the first group),
 * and an SD card is slow and wears out. `log_checkpoints` is off because it would write into the log every few minutes for ever.
 */
const defaults: Readonly<Record<string, string>> = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',

  shared_buffers: '128MB',
  effective_cache_size: '384MB',
  max_connections: '60',
  jit: 'off',
  random_page_cost: '1.5',

  wal_compression: 'on',
  // Reached by a thousand inverters or a year that is imported, not by a household. After each checkpoint every page is logged whole
  // at its first change, which holds up all devices for a second: rather less often.
  max_wal_size: '1GB',
  min_wal_size: '64MB',
  checkpoint_timeout: '10min',

  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  password_encryption: 'scram-sha-256',
  logging_collector: 'off',
  log_destination: 'stderr',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] ',
  cluster_name: 'deye-hard',
};

/**
 * The arguments of `postgres`. Address, port and socket are not to be overridden: others find the server by them.
 * The socket lies in the data folder, which only the server's own account may enter; nothing connects through it
 * except the question whether another container's server lives (sockets reach across containers, addresses don't).
 */
export function serverArguments(
  dataFolder: string,
  port: number,
  overrides: Readonly<Record<string, string>> = {},
): string[] {
  const settings: Record<string, string> = {
    ...defaults,
    ...overrides,
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: process.platform === 'win32' ? '' : '.',
    unix_socket_permissions: '0700',
  };
  return ['-D', dataFolder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}
