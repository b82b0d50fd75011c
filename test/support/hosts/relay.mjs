/** Runs on a host: what connects to a socket file is connected to an address that only that host can reach. */
import { connect, createServer } from 'node:net';

const [file, host, port] = process.argv.slice(2);
createServer({ allowHalfOpen: true }, (near) => {
  const far = connect({ host, port: Number(port), allowHalfOpen: true });
  near.pipe(far).pipe(near);
  near.on('error', () => far.destroy()).on('close', () => far.destroy());
  far.on('error', () => near.destroy()).on('close', () => near.destroy());
}).listen(file, () => process.stdout.write('listening\n'));
