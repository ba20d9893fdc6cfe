/* SPDX-License-Identifier: Apache-2.0 */

/*
 * java Validate.java DIR...: judges each case by Java's PKIX validator. A
 * case is a directory with root.pem, leaf.pem, chain.pem (what is between,
 * the leaf's issuer first) and crls.pem. Says "NAME accept" or "NAME refuse
 * REASON", one a line.
 */
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

class Validate {
	static List<Certificate> certificates(CertificateFactory factory,
	    Path file) throws IOException, GeneralSecurityException {
		try (InputStream in = Files.newInputStream(file)) {
			return new ArrayList<>(factory.generateCertificates(in));
		}
	}

	static void judge(Path dir)
	    throws IOException, GeneralSecurityException {
		CertificateFactory factory =
		    CertificateFactory.getInstance("X.509");
		Certificate root =
		    certificates(factory, dir.resolve("root.pem")).get(0);
		List<Certificate> path =
		    certificates(factory, dir.resolve("leaf.pem"));
		PKIXParameters want = new PKIXParameters(
		    Set.of(new TrustAnchor((X509Certificate)root, null)));

		path.addAll(certificates(factory, dir.resolve("chain.pem")));
		try (InputStream in =
		    Files.newInputStream(dir.resolve("crls.pem"))) {
			want.addCertStore(CertStore.getInstance("Collection",
			    new CollectionCertStoreParameters(
			    factory.generateCRLs(in))));
		}
		want.setRevocationEnabled(true);
		CertPathValidator.getInstance("PKIX").validate(
		    factory.generateCertPath(path), want);
	}

	/* Java wraps one cause in the next: all of them, in one line. */
	static String reason(Throwable fault) {
		StringBuilder all = new StringBuilder();

		for (; fault != null; fault = fault.getCause())
			all.append(' ').append(fault.getMessage());
		return all.toString().replaceAll("\\s+", " ");
	}

	public static void main(String[] cases) throws Exception {
		for (String name : cases) {
			Path dir = Path.of(name);
			String verdict = "accept";

			/* Anything but a verdict ends the program. */
			try {
				judge(dir);
			} catch (CertPathValidatorException fault) {
				verdict = "refuse" + reason(fault);
			}
			System.out.println(dir.getFileName() + " " + verdict);
		}
	}
}
