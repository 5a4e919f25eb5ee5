package panzoto;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Paths;
import javax.crypto.AEADBadTagException;

/** The commands by which the tests call PanzotoAudio: an app does not take this file. */
public final class Main {
    private Main() {}

    /**
     * `encrypt AUDIO_KEY S3_KEY FILE ...` makes FILE.enc of each FILE; `unwrap WRAPPING_KEY USER_ID WRAPPED` prints the
     * audio key; `length NUMBER` prints the length of the encrypted file. Keys are in hex.
     */
    public static void main(String[] words) throws Exception {
        if (words[0].equals("encrypt")) {
            for (int at = 3; at < words.length; at++) {
                try (InputStream recording = Files.newInputStream(Paths.get(words[at]));
                        OutputStream file = Files.newOutputStream(Paths.get(words[at] + ".enc"))) {
                    PanzotoAudio.encrypt(bytes(words[1]), words[2], recording, file);
                }
            }
        } else if (words[0].equals("unwrap")) {
            try {
                System.out.println(hex(PanzotoAudio.unwrap(words[3], bytes(words[1]), words[2])));
            } catch (AEADBadTagException wrong) {
                System.err.println("This key does not open the audio key.");
                System.exit(1);
            }
        } else {
            System.out.println(PanzotoAudio.encryptedLength(Long.parseLong(words[1])));
        }
    }

    private static byte[] bytes(String hex) {
        byte[] bytes = new byte[hex.length() / 2];
        for (int at = 0; at < bytes.length; at++) {
            bytes[at] = (byte) Integer.parseInt(hex.substring(2 * at, 2 * at + 2), 16);
        }
        return bytes;
    }

    private static String hex(byte[] bytes) {
        StringBuilder hex = new StringBuilder();
        for (byte each : bytes) {
            hex.append(String.format("%02x", each));
        }
        return hex.toString();
    }
}
