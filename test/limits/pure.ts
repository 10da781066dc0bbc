import { Server, Socket } from 'node:net'
import { watchProcesses } from './watch.ts'

// A test of the project `pure` runs anywhere and in seconds: it starts no process and opens no socket.

watchProcesses(({ program }) => refuse(`starts ${program}`))

Socket.prototype.connect = () => refuse('opens a connection')
Server.prototype.listen = () => refuse('listens')

function refuse(what: string): never {
  throw new Error(`a pure test ${what}; to do: name its file *.contact.test.ts, or move the test into one`)
}
