/** Builds with gcc-avr and avr-libc; `make flash` takes avrdude. */
export const makefile = `# make          builds bitkiln.hex
# make size     prints .data + .bss (of 2048 bytes) and what lies in flash
# make flash    writes it to the board at PORT
MCU = atmega328p
F_CPU = 16000000UL
PORT = /dev/ttyACM0

# Functions that are not inlined leave the stack when they return: less RAM.
INLINE = -fno-inline-functions -fno-inline-functions-called-once -fno-inline-small-functions
CC = avr-gcc
CFLAGS = -std=c99 -O3 -fno-tree-pre $(INLINE) -mmcu=$(MCU) -DF_CPU=$(F_CPU) -DBITKILN_BUFFER=bitkiln_buffer -Wall -Wextra $(MORE)

bitkiln.hex: bitkiln.elf
\tavr-objcopy -O ihex -R .eeprom $< $@

bitkiln.elf: main.c bitkiln.c bitkiln.h Makefile
\t$(CC) $(CFLAGS) main.c bitkiln.c -o $@

size: bitkiln.elf
\tavr-size -A -x $< | grep -E '\\.(data|bss|text)'
\tavr-size $<

flash: bitkiln.hex
\tavrdude -p $(MCU) -c arduino -b 115200 -P $(PORT) -U flash:w:$<:i

clean:
\trm -f bitkiln.elf bitkiln.hex

.PHONY: size flash clean
`;
