import { crc32, deflateRawSync } from 'node:zlib'

interface Member {
  name: string
  content: Buffer
  isDeflated: boolean
}

const members: Member[] = [
  { name: 'pkg/model.gguf', content: Buffer.alloc(3000, 'weights '), isDeflated: true },
  { name: 'pkg-1.dist-info/RECORD', content: Buffer.from('pkg/model.gguf,,\n'), isDeflated: false },
]

/** A zip of a stored and a deflated member, by APPNOTE 4.3 of PKWARE. */
export function zipOf(): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  for (const { name, content, isDeflated } of members) {
    const data = isDeflated ? deflateRawSync(content) : content
    const shared = Buffer.alloc(26)
    shared.writeUInt16LE(20, 0)
    shared.writeUInt16LE(isDeflated ? 8 : 0, 4)
    shared.writeUInt32LE(crc32(content), 10)
    shared.writeUInt32LE(data.length, 14)
    shared.writeUInt32LE(content.length, 18)
    shared.writeUInt16LE(name.length, 22)
    const offset = locals.reduce((sum, one) => sum + one.length, 0)
    locals.push(Buffer.concat([Buffer.from('PK\u0003\u0004'), shared, Buffer.from(name), data]))
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(offset, 10)
    central.push(
      Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.from([20, 0]), shared, rest, Buffer.from(name)]),
    )
  }
  const directory = Buffer.concat(central)
  const start = locals.reduce((sum, one) => sum + one.length, 0)
  const end = Buffer.alloc(22)
  end.write('PK\u0005\u0006', 0, 'latin1')
  end.writeUInt16LE(members.length, 8)
  end.writeUInt16LE(members.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(start, 16)
  return Buffer.concat([...locals, directory, end])
}
