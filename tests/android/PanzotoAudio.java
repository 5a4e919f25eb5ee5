package panzoto;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * What an app does with its audio key: unwraps it, and encrypts recordings in Tink's AES256-GCM-HKDF streaming format
 * with segments of 1 MiB. It needs nothing but the JDK, or Android from API 26 on.
 */
public final class PanzotoAudio {
    private static final int KEY = 32;
    private static final int NONCE = 12;
    private static final int TAG = 16;
    private static final int PREFIX = 7;
    private static final int HEADER = 1 + KEY + PREFIX;
    private static final int SEGMENT = 1024 * 1024;
    private static final long MOST_SEGMENTS = 1L << 32;

    private PanzotoAudio() {}

    /**
     * The audio key out of `wrapped_audio_key`. An AEADBadTagException says that the wrapping key is not the right one:
     * another password, or another user's.
     */
    public static byte[] unwrap(String wrapped, byte[] wrappingKey, String userId) throws GeneralSecurityException {
        byte[] sealed = Base64.getDecoder().decode(wrapped);
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        GCMParameterSpec nonce = new GCMParameterSpec(8 * TAG, sealed, 0, NONCE);
        cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(wrappingKey, "AES"), nonce);
        cipher.updateAAD(("panzoto/audio-key/v1/" + userId).getBytes(StandardCharsets.UTF_8));
        return cipher.doFinal(sealed, NONCE, sealed.length - NONCE);
    }

    /** Encrypts a recording for the `s3_key` under which it will be kept. Neither stream is closed. */
    public static void encrypt(byte[] audioKey, String s3Key, InputStream recording, OutputStream file)
            throws GeneralSecurityException, IOException {
        byte[] salt = random(KEY);
        byte[] prefix = random(PREFIX);
        SecretKeySpec key = new SecretKeySpec(hkdf(audioKey, salt, s3Key.getBytes(StandardCharsets.UTF_8)), "AES");
        file.write(ByteBuffer.allocate(HEADER).put((byte) HEADER).put(salt).put(prefix).array());

        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        byte[] here = new byte[SEGMENT - TAG];
        byte[] ahead = new byte[SEGMENT - TAG];
        int wanted = here.length - HEADER; // the header counts as a part of the first segment
        int length = fill(here, wanted, recording);
        for (long index = 0; ; index++) {
            int next = length == wanted ? fill(ahead, ahead.length, recording) : 0;
            boolean isLast = next == 0;
            cipher.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(8 * TAG, nonce(prefix, index, isLast)));
            file.write(cipher.doFinal(here, 0, length));
            if (isLast) {
                return;
            }
            byte[] filled = ahead;
            ahead = here;
            here = filled;
            length = next;
            wanted = here.length;
        }
    }

    /** How long the encrypted file is: the `file_size` to ask an upload for. */
    public static long encryptedLength(long recordingLength) {
        long segments = Math.max(1, (recordingLength + HEADER + SEGMENT - TAG - 1) / (SEGMENT - TAG));
        return recordingLength + HEADER + TAG * segments;
    }

    /** HKDF-SHA256 (RFC 5869) to 32 bytes, which are its first block. */
    static byte[] hkdf(byte[] secret, byte[] salt, byte[] info) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(salt, "HmacSHA256"));
        byte[] extracted = mac.doFinal(secret);
        mac.init(new SecretKeySpec(extracted, "HmacSHA256"));
        mac.update(info);
        mac.update((byte) 1);
        return mac.doFinal();
    }

    private static byte[] nonce(byte[] prefix, long index, boolean isLast) {
        if (index >= MOST_SEGMENTS) {
            throw new IllegalStateException("a recording has at most 2^32 segments");
        }
        return ByteBuffer.allocate(NONCE).put(prefix).putInt((int) index).put((byte) (isLast ? 1 : 0)).array();
    }

    private static int fill(byte[] room, int wanted, InputStream source) throws IOException {
        int got = 0;
        while (got < wanted) {
            int count = source.read(room, got, wanted - got);
            if (count < 0) {
                break;
            }
            got += count;
        }
        return got;
    }

    private static byte[] random(int length) {
        byte[] drawn = new byte[length];
        new SecureRandom().nextBytes(drawn);
        return drawn;
    }
}
